using System.Diagnostics;
using System.Globalization;
using DmAgents.Actors.Fleet.Database;
using Npgsql;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>A PostgreSQL server of a test's own: in a temporary directory, on a port of loopback, as a user without
/// privileges. It ends with the test, by its process id.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Role = "fleet";

    /// <summary>The package's own user: a server does not start as root.</summary>
    private const string User = "postgres";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("fleet-postgres-").FullName;
    private readonly int _port = FleetHost.FreeAddresses(1)[0].Port;
    private readonly string _programs;

    public PostgresServer()
    {
        _programs = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal)
            .Select(version => Path.Combine(version, "bin")).LastOrDefault(Directory.Exists)
            ?? throw new InvalidOperationException("PostgreSQL is missing; next: tests/lab/install.sh");
        Run("chown", User, _directory);
        AsUser("initdb", "-D", Data, "-A", "trust", "-U", Role, "--no-sync", "-E", "UTF8");
        // The role that the script makes has to show its password.
        var rules = Path.Combine(Data, "pg_hba.conf");
        File.WriteAllText(rules, "host all dmagents 127.0.0.1/32 scram-sha-256\n" + File.ReadAllText(rules));
        File.AppendAllText(Path.Combine(Data, "postgresql.conf"), $"""

            listen_addresses = '127.0.0.1'
            port = {_port}
            unix_socket_directories = ''
            max_connections = 100

            """);
        Start();
    }

    private string Data => Path.Combine(_directory, "data");

    public PostgresDatabase Database
    {
        get
        {
            Assert.True(PostgresDatabase.TryParse(Setting, out var database, out var problem), problem);
            return database;
        }
    }

    /// <summary>For programs that act as the server's superuser.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["PGHOST"] = "127.0.0.1", ["PGUSER"] = Role, ["PGPORT"] = _port.ToString(CultureInfo.InvariantCulture),
    };

    private string Setting => string.Create(
        CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Database=postgres;Username={Role}");

    public void Start() => AsUser("pg_ctl", "-D", Data, "-l", Path.Combine(_directory, "log"), "-w", "start");

    /// <summary>Connections are cut, as by a crash.</summary>
    public void Stop() => AsUser("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    public async Task<T> Query<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Setting + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public void Dispose()
    {
        var file = Path.Combine(Data, "postmaster.pid");
        if (File.Exists(file))
        {
            var id = int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
            Run("kill", "-QUIT", id.ToString(CultureInfo.InvariantCulture));
            Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{id}"), Patience), "the server still runs");
        }
        Directory.Delete(_directory, recursive: true);
    }

    private void AsUser(string program, params string[] arguments) => Run(
        "setpriv", ["--reuid", User, "--regid", User, "--clear-groups", Path.Combine(_programs, program), .. arguments]);

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = "/", RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        // pg_ctl leaves its output to the server: only its own end counts.
        Assert.True(process.WaitForExit(Patience), $"{program} {arguments[0]} takes too long");
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: "
            + (output.IsCompleted ? output.Result : ""));
    }
}
