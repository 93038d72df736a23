using DmAgents.Actors.Tests.Fleet.Entities;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>Images are driven on the hosts on which they live, and orders cross from host to host.</summary>
public sealed class FleetSpreadTests : IAsyncLifetime
{
    private readonly SqliteDatabase _database = new();
    private readonly EntityFleet _fleet;

    public FleetSpreadTests() => _fleet = new EntityFleet(_database);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        try
        {
            await _fleet.DisposeAsync();
        }
        finally
        {
            _database.Dispose();
        }
    }

    [Fact]
    public Task Copies_of_a_lost_host_are_restored_on_another() => SpreadStory.Tell(_fleet);
}
