using System.Collections.Immutable;
using CsCheck;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Commands and outcomes in any order, as many owners at a time would bring them.</summary>
public sealed class RandomHistoryTests
{
    private static readonly Gen<(int Kind, int A, int B)[]> Histories =
        Gen.Select(Gen.Int[0, 17], Gen.Int[0, 1000], Gen.Int[0, 1000]).Array[0, 60];

    [Fact]
    public void Any_history_keeps_the_pool_in_order_and_its_replay_equals_its_life() =>
        Histories.Sample(history =>
        {
            var (state, journal) = Live(history, after: PoolInvariants.Hold);
            var replayed = Pool.After(journal);
            Assert.Equal(Text(state), Text(replayed));
        }, iter: 3000);

    [Fact]
    public void An_answer_to_a_repeated_request_has_the_same_subject() =>
        Histories.Sample(history =>
        {
            var (state, _) = Live(history, after: _ => { });
            foreach (var (request, subject) in state.Requests.Subjects)
            {
                var again = Remove(Container("a")) with { Request = request };
                Assert.Equal(new Decision.AlreadySo(subject), PoolDecider.Decide(state, Health, again));
            }
        }, iter: 300);

    [Fact]
    public void Recovery_leaves_no_import_and_no_imported_layer_that_nothing_needs_and_takes_none_that_is_needed() =>
        Histories.Sample(history =>
        {
            var (state, _) = Live(history, after: _ => { });
            var plan = RecoveryPlan.Make(state, Complete(state), Context, At);
            var after = state.After(plan.Findings);

            PoolInvariants.Hold(after);
            Assert.DoesNotContain(after.Keys.Keys, k => k.Space == DeviceKey.ImportSpace);
            Assert.DoesNotContain(after.Keys.Values.Select(id => after.Devices[id]), d =>
                d is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready } && d.Labels.ContainsKey(DeviceLabels.Import)
                && after.ChildrenOf(d.Id) == 0 && !after.ImagesOf(d.Id).Any());
            Assert.All(plan.Findings.OfType<PoolEvents.RemovalIntended>(), removed =>
            {
                var device = state.Devices[removed.Id];
                Assert.True(
                    device.Key.Space is DeviceKey.ImportSpace or DeviceKey.StockSpace
                    || device.Kind == DeviceKind.Layer);
                Assert.False(state.ImagesOf(device.Id).Any());
            });
            Assert.Empty(RecoveryPlan.Make(after, Complete(after), Context, At).Findings);
        }, iter: 1000);

    private static readonly PoolContext Context =
        new(Pool.Identity!, new PoolPaths("/state", Pool.Identity!.Name), DiscardOnRemove: false);

    /// <summary>A pool that has just what the journal says.</summary>
    private static KernelPicture Complete(PoolState state) => new(
        Health.Status,
        state.Devices.Values.Where(d => d.Phase != DevicePhase.Lost).Select(d => d.Id)
            .Concat(state.Ledger.Quarantine.Keys)
            .ToImmutableSortedDictionary(id => id, id => new ThinUsage(id, 1, null, new TransactionId(1))),
        ImmutableSortedDictionary<ThinId, LiveDevice>.Empty, []);

    private static (PoolState State, List<PoolEvent> Journal) Live(
        (int Kind, int A, int B)[] history, Action<PoolState> after)
    {
        var state = Pool;
        var journal = new List<PoolEvent>();
        foreach (var (kind, a, b) in history)
        {
            IEnumerable<PoolEvent> events = kind < 12
                ? PoolDecider.Decide(state, Health, CommandOf(kind, a, b)) is Decision.Accepted accepted
                    ? accepted.Events : []
                : OutcomeOf(state, kind, a, b);
            foreach (var e in events)
            {
                state = state.Apply(e);
                journal.Add(e);
            }
            after(state);
        }
        return (state, journal);
    }

    private static PoolCommand CommandOf(int kind, int a, int b)
    {
        var (x, y) = (Name(a), Name(b));
        return kind switch
        {
            0 => Create(Container(x), Layer(y)),
            1 when a % 3 == 0 => CreateView(View(x), b % 4 == 0 ? null : Layer(y)),
            1 when a % 3 == 1 => Create(DeviceKey.Stock(x), Layer(y), use: DeviceUse.Active),
            1 => Create(Container(x), b % 2 == 0 ? Layer(y) : null, use: (DeviceUse)(b % 3)),
            2 => Create(DeviceKey.Import(x), b % 4 == 0 ? null : Layer(y)),
            3 => Commit(DeviceKey.Import(x), Layer(y), ImportLabels),
            4 => Commit(Container(x), Layer(y)),
            5 => CommitLive(Container(x), Layer(y)),
            6 => Use(Container(x), (DeviceUse)(b % 3), readOnly: a % 5 == 0),
            7 => Resize(Container(x), ByteSize.MiB((ulong)(512 + b))),
            8 when b % 4 == 0 => a % 2 == 0 ? Remove(View(x)) : Label(View(x), "a", y),
            8 => Remove(b % 2 == 0 ? Container(x) : Layer(x), force: a % 3 == 0),
            9 => Tag("image" + x, Layer(y)),
            10 => Untag("image" + x),
            _ => a % 2 == 0
                ? new PoolCommands.Purge(NewRequest(), Doubtful(b), At)
                : new PoolCommands.Undelete(NewRequest(), Doubtful(b), Layer(x), BaseSize, FileSystemKind.Ext4, At),
        };
    }

    /// <summary>What the kernel, or a recovery, may say at this moment.</summary>
    private static IEnumerable<PoolEvent> OutcomeOf(PoolState state, int kind, int a, int b)
    {
        var device = a < 700
            ? Pick(state.Devices.Values.Where(d => d.Phase == DevicePhase.Creating), a)
            : Pick(state.Devices.Values, a);
        switch (kind)
        {
            case 12 or 13 when device is { Phase: DevicePhase.Creating or DevicePhase.Removing }:
                yield return new PoolEvents.Created(device.Id, At);
                break;
            case 14 when device is { Phase: DevicePhase.Creating } && state.ChildrenOf(device.Id) == 0:
                yield return new PoolEvents.CreationFailed(device.Id, "no", InDoubt: b % 2 == 0, At);
                break;
            case 15 when device is { GrowingTo: { } size }:
                yield return new PoolEvents.Resized(device.Id, size, At);
                break;
            case 15 when device is { Phase: DevicePhase.Removing }:
                yield return new PoolEvents.Removed(device.Id, At);
                break;
            case 16 when device is { Phase: DevicePhase.Ready } && b % 4 == 0:
                yield return new PoolEvents.Lost(device.Id, At);
                break;
            case 16 when Pick(state.Purging, b) is { Value: > 0 } purged:
                yield return new PoolEvents.Purged(purged, At);
                break;
            case 17 when !state.Devices.ContainsKey(Doubtful(b)):
                yield return new PoolEvents.Quarantined(Doubtful(b), "found", At);
                break;
        }
    }

    private static string Name(int n) => ((char)('a' + n % 4)).ToString();

    private static ThinId Doubtful(int n) => new((uint)(1 + n % 12));

    private static T? Pick<T>(IEnumerable<T> items, int n) =>
        items.ToList() is { Count: > 0 } list ? list[n % list.Count] : default;

    private static string Text(PoolState state) => string.Join('\n',
        state.Devices.Values.OrderBy(d => d.Id).Select(d => d with { Labels = NoLabels }).Select(d => d.ToString())
            .Concat(state.Keys.OrderBy(k => k.Value).Select(k => k.ToString()))
            .Concat(state.Images.Values.OrderBy(i => i.Reference.Value, StringComparer.Ordinal)
                .Select(i => i.ToString()))
            .Concat(state.Ledger.Quarantine.Select(q => q.ToString()))
            .Concat(state.Purging.Order().Select(p => $"purging {p}"))
            .Concat(state.Requests.Order.Select(r => $"{r} {state.Requests.Subjects[r]}"))
            .Append($"{state.Ledger.Next} {state.Checkpoint} {state.WasOpened}"));
}
