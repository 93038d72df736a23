using LinqToDB;
using Npgsql;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>A PostgreSQL server.</summary>
public sealed class PostgresDatabase : FleetDatabase
{
    /// <summary>Maximum connections of one host: its entities recover and write on no more. A server accepts 100 by
    /// default, enough for six hosts; a larger fleet raises the server's limit or lowers this one.</summary>
    public const int DefaultPoolSize = 16;

    private readonly string _connection;

    private PostgresDatabase(NpgsqlConnectionStringBuilder connection)
    {
        _connection = connection.ConnectionString;
        Where = $"{connection.Host}:{connection.Port}/{connection.Database} as {connection.Username}";
        HoldsPassword = !string.IsNullOrEmpty(connection.Password) || !string.IsNullOrEmpty(connection.SslPassword);
    }

    public override string Where { get; }

    /// <summary>The setting is a secret: it holds the user's password or the password of the client's key. The setting
    /// may name a file with the user's password instead.</summary>
    public bool HoldsPassword { get; }

    internal override string Provider => ProviderName.PostgreSQL15;

    internal override DataOptions Options => new DataOptions().UseConnectionString(Provider, _connection);

    /// <summary>Parses a connection setting: <c>Host=...;Port=...;Database=...;Username=...;Passfile=...</c>, in the
    /// driver's syntax.</summary>
    /// <param name="problem">What is wrong with it, for the operator.</param>
    public static bool TryParse(string text, out PostgresDatabase database, out string problem)
    {
        database = null!;
        NpgsqlConnectionStringBuilder connection;
        try
        {
            connection = new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception cause) when (cause is ArgumentException or FormatException)
        {
            // The driver's message can repeat the setting, which can hold a password.
            problem = "it is not of the form KEY=VALUE;KEY=VALUE with the keys Host, Port, Database, Username, Passfile";
            return false;
        }
        problem = string.IsNullOrEmpty(connection.Host) ? "it names no Host"
            : string.IsNullOrEmpty(connection.Database) ? "it names no Database"
            : string.IsNullOrEmpty(connection.Username) ? "it names no Username"
            : "";
        if (problem.Length > 0)
            return false;
        void Default(string key, object value)
        {
            if (!connection.ContainsKey(key) || !connection.ShouldSerialize(key))
                connection[key] = value;
        }
        Default("Maximum Pool Size", DefaultPoolSize);
        Default("Application Name", "dmagents");
        // In seconds: to connect, and to wait for a pooled connection; for an answer; between keepalives.
        Default("Timeout", 15);
        Default("Command Timeout", 10);
        Default("Keepalive", 10);
        database = new PostgresDatabase(connection);
        return true;
    }

    internal NpgsqlConnection Connect(bool pooled) => new(
        new NpgsqlConnectionStringBuilder(_connection) { Pooling = pooled }.ConnectionString);

    /// <summary>Closes pooled connections from before an interruption; one in use closes when it is returned. None of
    /// them is handed out again.</summary>
    internal void ClearPool()
    {
        using var any = new NpgsqlConnection(_connection);
        NpgsqlConnection.ClearPool(any);
    }

    internal override DatabaseProbe Probe(FleetIdentity fleet) => new PostgresProbe(this, fleet);
}
