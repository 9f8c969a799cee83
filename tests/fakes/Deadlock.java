import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A JVM that is stuck on purpose: two threads hold one lock each and want the other's; a small pool waits on the first. */
public final class Deadlock {
    private static final Object ORDERS = new Object();
    private static final Object STOCK = new Object();

    public static void main(String[] args) throws InterruptedException {
        CountDownLatch bothHoldOne = new CountDownLatch(2);
        start("order-writer", ORDERS, STOCK, bothHoldOne);
        start("stock-writer", STOCK, ORDERS, bothHoldOne);
        bothHoldOne.await();

        AtomicInteger number = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(3, task -> {
            Thread thread = new Thread(task, "http-worker-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        for (int i = 0; i < 3; i++) {
            pool.submit(Deadlock::readOrders);
        }
        System.out.println("ready " + ProcessHandle.current().pid());
        System.out.flush();
        Thread.currentThread().join(Long.parseLong(args.length > 0 ? args[0] : "600000"));
        System.exit(0);
    }

    private static void start(String name, Object first, Object second, CountDownLatch bothHoldOne) {
        Thread thread = new Thread(() -> transfer(first, second, bothHoldOne), name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void transfer(Object first, Object second, CountDownLatch bothHoldOne) {
        synchronized (first) {
            bothHoldOne.countDown();
            try {
                bothHoldOne.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return;
            }
            synchronized (second) {
                System.out.println("never reached");
            }
        }
    }

    private static void readOrders() {
        synchronized (ORDERS) {
            System.out.println("never reached");
        }
    }
}
