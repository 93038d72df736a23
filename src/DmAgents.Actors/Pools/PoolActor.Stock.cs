using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;

namespace DmAgents.Actors.Pools;

/// <summary>The stock: snapshots of the layers that are asked for most, made before anyone asks.</summary>
public sealed partial class PoolActor
{
    private const string StockTimer = "stock";

    /// <summary>Between the request that took one and the making of the next: the caller goes on first.</summary>
    private static readonly TimeSpan StockPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Made at a time, so that whoever asks meanwhile is not behind many.</summary>
    private const int StockAtOnce = 2;

    private StockDemand _demand = StockDemand.Nothing;
    private long _stockClaims;

    private void NoteDemand(PoolCommand command, ThinId? subject)
    {
        if (_setup.Settings.Stock.PerLayer == 0
            || command is not PoolCommands.CreateSnapshot { Use: DeviceUse.Active, Parent: not null } create
            || create.Key.IsStock
            || DeviceOrNull(subject)?.Parent is not { } layer)
            return;
        _demand = _demand.AskedFor(layer, _setup.Settings.Stock.HalfLife, Now);
        KeepStockSoon();
    }

    private void KeepStockSoon()
    {
        if (_phase == PoolPhase.Open && !Timers.IsTimerActive(StockTimer))
            Timers.StartSingleTimer(StockTimer, KeepStock.Instance, StockPause);
    }

    private void OnKeepStock()
    {
        if (_phase != PoolPhase.Open || _heldRetire is not null)
            return;
        _demand = _demand.Of(_state);
        var plan = StockPlan.Of(_state, _health, _demand, _setup.Settings.Stock, Now);
        foreach (var key in plan.GiveBack)
            Take(new PoolCommands.Remove(Fresh(), key, Force: false, Now), waiting: []);
        var underWay = _state.Creating.Count(id => _state.Devices[id].Key.IsStock);
        foreach (var layer in plan.Make.Take(StockAtOnce - underWay))
        {
            Take(new PoolCommands.CreateSnapshot(
                Fresh(), DeviceKey.Stock(Guid.NewGuid().ToString("N")), layer, Size: null, FileSystem: null,
                DeviceUse.Active, ImmutableSortedDictionary<string, string>.Empty, Now), waiting: []);
        }
    }

    private static RequestId Fresh() => new(Guid.NewGuid());

    private sealed record KeepStock : ILocalMessage
    {
        public static KeepStock Instance { get; } = new();
    }
}
