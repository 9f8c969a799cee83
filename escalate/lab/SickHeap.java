import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;

/**
 * An orders service without HTTP whose sessions are never dropped and whose two background jobs deadlock.
 *
 * It prints "ready 0", then its log, and ends when its input does: the lab holds the other end.
 */
public class SickHeap {
    private static final Object STOCK = new Object();
    private static final Object ORDERS = new Object();
    private static final Deque<Session> SESSIONS = new ConcurrentLinkedDeque<>();
    private static final int BLOB = 64 * 1024;
    private static final long BOUND = 72L * 1024 * 1024;

    /** What a customer's visit leaves in memory. */
    private record Session(String id, List<String> orders, byte[] cart) {
    }

    public static void main(String[] arguments) throws Exception {
        CountDownLatch bothHold = new CountDownLatch(2);
        lockInTurn("stock-sync", STOCK, ORDERS, bothHold);
        lockInTurn("order-export", ORDERS, STOCK, bothHold);
        bothHold.await();
        for (int number = 1; number <= 4; number++) {
            daemon("http-nio-8080-exec-" + number, SickHeap::checkout);
        }
        daemon("session-store", SickHeap::leak);
        System.out.println("ready 0");
        System.out.println(" INFO 1 --- [main] orders.Application : Started Application, datasource "
            + System.getenv().getOrDefault("SQLAZURECONNSTR_ORDERS", "none"));
        System.out.flush();
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        System.exit(0);
    }

    private static void leak() {
        long kept = 0;
        for (int number = 1; kept < BOUND; number++) {
            List<String> orders = new ArrayList<>();
            for (int line = 0; line < 20; line++) {
                orders.add(String.format(Locale.ROOT, "order=%d;customer=C-%05d;sku=TEA-%03d;amount=%d.%02d EUR",
                    100_000 + number * 20 + line, number % 9_973, line * 7 % 500, 3 + line, number % 100));
            }
            SESSIONS.add(new Session("session-" + number, orders, new byte[BLOB]));
            kept += BLOB;
            if (number % 50 == 0) {
                long used = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
                System.out.println(" WARN 1 --- [session-store] orders.SessionStore : " + SESSIONS.size()
                    + " sessions kept, none evicted, heap used " + used / 1024 / 1024 + " MB");
                System.out.flush();
            }
            if (!pause(20)) {
                return;
            }
        }
        System.out.println("ERROR 1 --- [session-store] orders.SessionStore : no room for new sessions");
        System.out.flush();
    }

    private static void checkout() {
        synchronized (ORDERS) {
            SESSIONS.clear();
        }
    }

    private static void lockInTurn(String name, Object first, Object second, CountDownLatch bothHold) {
        daemon(name, () -> {
            synchronized (first) {
                bothHold.countDown();
                try {
                    bothHold.await();
                } catch (InterruptedException interrupted) {
                    return;
                }
                synchronized (second) {
                    SESSIONS.clear();
                }
            }
        });
    }

    private static boolean pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
            return true;
        } catch (InterruptedException interrupted) {
            return false;
        }
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
