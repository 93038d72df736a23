using DmAgents.Actors.Fleet.Database;
using LinqToDB.Data;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Lists the entities of a kind in the fleet's journal: every entity that ever had an event, since rows of
/// each stay. Reads the database directly: no entity knows the others.</summary>
internal sealed class EntityNames(FleetDatabase database)
{
    /// <exception cref="Exception">The database does not answer.</exception>
    public async Task<IReadOnlyList<string>> OfAsync(EntityKind kind, CancellationToken cancellation)
    {
        var connection = new DataConnection(database.Options);
        await using (connection.ConfigureAwait(false))
        {
            var ids = new HashSet<string>(StringComparer.Ordinal);
            foreach (var table in (string[])["journal", "snapshot"])
                ids.UnionWith(await connection.QueryToListAsync<string>(Query(kind, table), cancellation)
                    .ConfigureAwait(false));
            return [.. ids.Select(id => id[(kind.Name.Length + 1)..]).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Finds each next name by the table's key: the cost grows with the names and not with their rows, of
    /// which an entity has hundreds. The key's order is the collation of the database. In it a prefix of letters still
    /// ends before the next letter; other names that the range includes are dropped at the end.</summary>
    internal static string Query(EntityKind kind, string table)
    {
        // A kind's name is a constant of lower-case letters, none of which ends in z.
        var end = kind.Name[..^1] + (char)(kind.Name[^1] + 1);
        string Next(string than) =>
            $"(select persistence_id from {table} where persistence_id {than} and persistence_id < '{end}' "
            + "order by persistence_id limit 1)";
        return $"""
            with recursive names(id) as (
              select {Next($">= '{kind.Name}'")}
              union all
              select {Next("> names.id")} from names where names.id is not null)
            select id from names where id like '{kind.Name}-%'
            """;
    }
}
