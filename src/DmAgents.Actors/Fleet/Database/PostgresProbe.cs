using Npgsql;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>A host's connection that probes its fleet's PostgreSQL.</summary>
internal sealed class PostgresProbe(PostgresDatabase database, FleetIdentity fleet) : DatabaseProbe
{
    private NpgsqlConnection? _connection;

    public override async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            if (_connection is null)
                await ConnectAsync(cancellation).ConfigureAwait(false);
            await using var command = new NpgsqlCommand("select pg_is_in_recovery()", _connection);
            if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true)
            {
                throw new DatabaseRefusedException(
                    "the server is a standby and takes no changes",
                    "name the primary server in fleet.database, or promote this one");
            }
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ConnectAsync(CancellationToken cancellation)
    {
        _connection = database.Connect(pooled: false);
        await _connection.OpenAsync(cancellation).ConfigureAwait(false);
        await PostgresSchema.EnsureAsync(_connection, fleet, cancellation).ConfigureAwait(false);
        database.ClearPool();
    }
}
