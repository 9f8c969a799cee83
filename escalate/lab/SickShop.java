import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A shop whose two background jobs deadlock and whose request threads pile up behind them; ends after five minutes. */
public class SickShop {
    private static final Object STOCK = new Object();
    private static final Object ORDERS = new Object();
    private static final List<byte[]> CACHE = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
        CountDownLatch bothHold = new CountDownLatch(2);
        lockInTurn("stock-sync", STOCK, ORDERS, bothHold);
        lockInTurn("order-export", ORDERS, STOCK, bothHold);
        bothHold.await();
        ExecutorService requests = Executors.newFixedThreadPool(4, work -> {
            Thread thread = new Thread(work, "http-request");
            thread.setDaemon(true);
            return thread;
        });
        for (int request = 0; request < 4; request++) {
            requests.submit(() -> {
                synchronized (ORDERS) {
                    CACHE.add(new byte[1024]);
                }
            });
        }
        System.out.println("ready 0");
        System.out.flush();
        Thread.sleep(300_000);
        System.exit(0);
    }

    private static void lockInTurn(String name, Object first, Object second, CountDownLatch bothHold) {
        Thread thread = new Thread(() -> {
            synchronized (first) {
                bothHold.countDown();
                try {
                    bothHold.await();
                } catch (InterruptedException interrupted) {
                    return;
                }
                synchronized (second) {
                    CACHE.clear();
                }
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }
}
