import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import java.util.Base64;
import java.util.Properties;
import org.apache.kafka.connect.source.SourceRecord;

/** Debezium as its guide says to run it over an outbox; prints each record: topic, key, id, value in base64. */
public class Engine {
    public static void main(String[] given) throws Exception {
        Properties p = new Properties();
        p.setProperty("name", "engine");
        p.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
        p.setProperty("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
        p.setProperty("offset.storage.file.filename", given[0]);
        p.setProperty("offset.flush.interval.ms", "100");
        p.setProperty("database.hostname", "127.0.0.1");
        p.setProperty("database.port", given[1]);
        p.setProperty("database.user", given[2]);
        p.setProperty("database.password", "unused");
        p.setProperty("database.dbname", given[3]);
        p.setProperty("topic.prefix", "zerosum");
        p.setProperty("plugin.name", "pgoutput");
        p.setProperty("publication.autocreate.mode", "filtered");
        p.setProperty("table.include.list", "ledger.outbox");
        p.setProperty("snapshot.mode", "no_data");
        p.setProperty("poll.interval.ms", "50");
        p.setProperty("tombstones.on.delete", "false");
        p.setProperty("transforms", "outbox");
        p.setProperty("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
        p.setProperty("transforms.outbox.table.fields.additional.placement", "type:header");
        DebeziumEngine<?> engine = DebeziumEngine.create(Connect.class)
            .using(p)
            .notifying(change -> {
                SourceRecord record = (SourceRecord) change.value();
                System.out.println(String.join("\t", record.topic(), String.valueOf(record.key()),
                    String.valueOf(record.headers().lastWithName("id").value()),
                    String.valueOf(record.headers().lastWithName("type").value()),
                    Base64.getEncoder().encodeToString(
                        ((String) record.value()).getBytes(java.nio.charset.StandardCharsets.UTF_8))));
            })
            .using((success, message, error) -> {
                System.err.println(message);
                if (error != null) error.printStackTrace();
            })
            .build();
        engine.run();
    }
}
