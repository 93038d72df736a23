using DmAgents.Actors.Fleet.Database;
using LinqToDB.Data;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Which entities of a kind the fleet's journal knows: all to which something ever happened, since rows of
/// each stay. Reads the database itself: no entity knows the others.</summary>
internal sealed class EntityNames(FleetDatabase database)
{
    /// <exception cref="Exception">The database does not answer.</exception>
    public async Task<IReadOnlyList<string>> OfAsync(EntityKind kind, CancellationToken cancellation)
    {
        var connection = new DataConnection(database.Options);
        await using (connection.ConfigureAwait(false))
        {
            // The kind's name is a constant of letters.
            var ids = await connection.QueryToListAsync<string>(
                $"""
                select persistence_id from journal where persistence_id like '{kind.Name}-%'
                union select persistence_id from snapshot where persistence_id like '{kind.Name}-%'
                """, cancellation).ConfigureAwait(false);
            return [.. ids.Select(id => id[(kind.Name.Length + 1)..]).Order(StringComparer.Ordinal)];
        }
    }
}
