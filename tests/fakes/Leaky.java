import java.util.HashMap;
import java.util.Map;

/** Runs its heap full with orders that a static map keeps. */
public class Leaky {
    static final Map<String, Order> OPEN_ORDERS = new HashMap<>();

    static class Order {
        final String text;
        final byte[] body = new byte[64];

        Order(long number) {
            text = "order " + number;
        }
    }

    public static void main(String[] arguments) {
        for (long number = 0; ; number++) {
            OPEN_ORDERS.put("k" + number, new Order(number));
        }
    }
}
