using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Tests.Fleet.Entities;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Tests of whole agents that make a fleet of each other. The agents end before what they use.</summary>
public abstract class FleetOfAgents : IAsyncLifetime
{
    internal FleetAgents Fleet { get; } = new();

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync() => await Fleet.DisposeAsync();
}

/// <summary>The same with a database for the fleet's entities.</summary>
public abstract class FleetWithDatabase : FleetOfAgents
{
    internal SqliteDatabase SharedDatabase { get; } = new();

    public override Task InitializeAsync()
    {
        Fleet.Database = SharedDatabase;
        return Task.CompletedTask;
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        SharedDatabase.Dispose();
    }

    internal static RequestId NewRequest() => new(Guid.NewGuid());

    internal static async Task<FleetEntities> Ready(ServedAgent agent)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        return await agent.Get<FleetEntityAccess>().WhenReady(patience.Token);
    }

    /// <summary>What an entity is, as soon as it is so. While entities move there may be no answer.</summary>
    internal static async Task<TState> Shown<TState>(
        ServedAgent from, Func<FleetEntities, Task<EntityAnswer<TState>>> show, Func<TState, bool> holds)
        where TState : class
    {
        for (var waited = 0; ; waited++)
        {
            var (state, refusal) = await show(await Ready(from));
            if (state is not null && holds(state))
                return state;
            Assert.True(waited < 2000, $"it does not come to be so: {state} {refusal}");
            await Task.Delay(50);
        }
    }
}
