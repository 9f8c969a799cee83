import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds invented secrets in every place a heap has for them, and waits. */
public class Keeper {
    static final String LITERAL =
            "Server=tcp:db.contoso-test.example,1433;Database=orders;User ID=app;Password=Lit3ral-Secret-9321;";
    static char[] letters;
    static long number = 4111111111111111L;
    static Map<String, Object> session = new HashMap<>();
    int counter = 1122334455;
    double amount = 1234.5678;

    public static void main(String[] arguments) throws Exception {
        StringBuilder made = new StringBuilder();
        for (String part : new String[] {"he", "ap", "-sec", "ret-", "5541-xyz"}) {
            made.append(part);
        }
        letters = "letters-of-a-secret-77AB".toCharArray();
        session.put("token", made.toString());
        session.put("wide", made + "\u4e2d");
        List<Object> list = new ArrayList<>();
        for (int each = 0; each < 2000; each++) {
            list.add(new Keeper());
        }
        byte[] big = new byte[10_000_000];
        java.util.Arrays.fill(big, (byte) 'S');
        list.add(big);
        list.add(new Object[2_000_000]);
        System.out.println("ready");
        System.out.flush();
        Thread.sleep(600_000);
        System.out.println(list.size());
    }
}
