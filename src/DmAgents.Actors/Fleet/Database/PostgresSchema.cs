using DmAgents.Domain.Fleet;
using Npgsql;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>The tables of a fleet's database: those of Akka.Persistence.Sql, and one row that names the owning fleet.
/// One host at a time creates them on first use: the others wait for its lock and find everything there.</summary>
internal static class PostgresSchema
{
    /// <summary>Version of these tables. A host that finds a higher one does not touch them.</summary>
    public const int Version = 1;

    /// <summary>PostgreSQL's lock under which one host creates the tables: "dmagents" in ASCII, below 2^63.</summary>
    private const long Lock = 0x646d6167656e7473;

    /// <summary>The unique key fences two writers of one entity.</summary>
    /// <remarks>The same tables as the plugin creates by itself (1.5.73, PostgreSQL), without the indexes that only its
    /// queries and the deletion of snapshots by age use. Its times are in units of 100 ns since the year 1.</remarks>
    private const string Tables = """
        create table journal (
          ordering bigint generated always as identity primary key,
          created bigint not null,
          deleted boolean not null,
          persistence_id text not null,
          sequence_number bigint not null,
          message bytea not null,
          tags text,
          manifest text,
          identifier integer,
          writer_uuid text,
          constraint journal_uq unique (persistence_id, sequence_number));
        create table snapshot (
          persistence_id text not null,
          sequence_number bigint not null,
          created bigint not null,
          snapshot bytea,
          manifest text,
          serializer_id integer,
          constraint snapshot_pk primary key (persistence_id, sequence_number));
        create view readable as
          select ordering, to_timestamp((created - 621355968000000000) / 10000000.0) as at, persistence_id,
                 sequence_number, manifest, convert_from(message, 'UTF8') as event
          from journal order by ordering;
        """;

    /// <exception cref="DatabaseRefusedException">It belongs to another fleet, or a later version created
    /// it.</exception>
    public static async Task EnsureAsync(
        NpgsqlConnection connection, FleetIdentity fleet, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        async Task Execute(string sql, params object[] values)
        {
            await using var command = Command(connection, sql, values);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        await Execute($"select pg_advisory_xact_lock({Lock})").ConfigureAwait(false);
        if (await OwnerAsync(connection, cancellation).ConfigureAwait(false) is { } owner)
        {
            Judge(owner.Fleet, owner.Schema, fleet);
            return;
        }
        await Execute(Tables).ConfigureAwait(false);
        await Execute("""
            create table dmagents_fleet (
              one boolean primary key default true check (one),
              fleet uuid not null, name text not null, schema integer not null, made timestamptz not null default now())
            """).ConfigureAwait(false);
        await Execute(
            "insert into dmagents_fleet (fleet, name, schema) values ($1, $2, $3)",
            fleet.Id.Value, fleet.Name.Value, Version).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Null if no fleet owns it yet.</summary>
    private static async Task<(FleetIdentity Fleet, int Schema)?> OwnerAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (var exists = Command(connection, "select to_regclass('dmagents_fleet') is not null"))
        {
            if (await exists.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not true)
                return null;
        }
        await using var command = Command(connection, "select fleet, name, schema from dmagents_fleet");
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ? (new FleetIdentity(new FleetId(reader.GetGuid(0)), new FleetName(reader.GetString(1))),
                reader.GetInt32(2))
            : throw new DatabaseRefusedException(
                "its table dmagents_fleet has no row", "restore the database from a backup, or drop and make it anew");
    }

    internal static void Judge(FleetIdentity owner, int schema, FleetIdentity fleet)
    {
        if (owner.Id != fleet.Id)
        {
            throw new DatabaseRefusedException(
                $"it belongs to the fleet {owner}, and this host is in the fleet {fleet}",
                "make a database for this fleet (deploy/fleet/database.sh), and name it in fleet.database");
        }
        if (schema > Version)
        {
            throw new DatabaseRefusedException(
                $"its tables have version {schema}, and this agent knows version {Version}", "upgrade this host's agent");
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
