using Akka.Actor;
using Akka.Configuration;

/// <summary>An actor system whose journal is Akka.Persistence.Sql in the SQLite file journal.db.</summary>
internal static class SqlJournal
{
    /// <param name="settings">HOCON below akka.persistence.journal.sql.</param>
    public static ActorSystem Open(string name, string settings) => ActorSystem.Create(name, ConfigurationFactory.ParseString($$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          persistence {
            journal {
              plugin = "akka.persistence.journal.sql"
              sql {
                class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                connection-string = "Data Source=journal.db"
                provider-name = "SQLite.MS"
                {{settings}}
              }
            }
            snapshot-store.plugin = "akka.persistence.no-snapshot-store"
          }
        }
        """).WithFallback(Akka.Persistence.Sql.SqlPersistence.DefaultConfiguration));
}
