using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;

namespace DmAgents.Engine.Pools;

/// <summary>The stock: snapshots of the most requested layers, created in advance.</summary>
internal sealed class StockKeeping(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>The delay between a claim from the stock and the next creation, so that the caller's requests go
    /// first.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>How many are created at a time, so that a caller's request does not queue behind many.</summary>
    private const int AtOnce = 2;

    private StockDemand _demand = StockDemand.Nothing;

    /// <summary>How many were claimed since the start.</summary>
    public long Claims { get; private set; }

    public void NoteClaim() => Claims++;

    public void NoteDemand(PoolCommand command, ThinId? subject)
    {
        if (Settings.Stock.PerLayer == 0
            || command is not PoolCommands.CreateSnapshot { Use: DeviceUse.Active, Parent: not null } create
            || create.Key.IsStock
            || Core.DeviceOrNull(subject)?.Parent is not { } layer)
            return;
        _demand = _demand.AskedFor(layer, Settings.Stock.HalfLife, Now);
        KeepSoon();
    }

    public void KeepSoon()
    {
        if (Phase == PoolPhase.Open && !Core.IsWaiting(PoolTimer.Stock))
            Core.Start(PoolTimer.Stock, Pause);
    }

    public void Keep()
    {
        if (Phase != PoolPhase.Open || Machine.Exclusive.RemovalIsHeld)
            return;
        _demand = _demand.Of(State);
        var plan = StockPlan.Of(State, Health, _demand, Settings.Stock, Now);
        foreach (var key in plan.GiveBack)
            Machine.Changes.Take(new PoolCommands.Remove(Core.FreshRequest(), key, Force: false, Now), waiting: []);
        var underWay = State.Creating.Count(id => State.Devices[id].Key.IsStock);
        foreach (var layer in plan.Make.Take(AtOnce - underWay))
        {
            Machine.Changes.Take(new PoolCommands.CreateSnapshot(
                Core.FreshRequest(), DeviceKey.Stock(Core.FreshRequest().Value.ToString("N")), layer, Size: null,
                FileSystem: null, DeviceUse.Active, ImmutableSortedDictionary<string, string>.Empty, Now), waiting: []);
        }
    }
}
