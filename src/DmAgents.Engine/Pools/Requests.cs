using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Pools;

/// <summary>A request under way.</summary>
/// <param name="Before">The device's record before: a refusal by the kernel restores it.</param>
/// <param name="Backing">The pool's backing before.</param>
/// <param name="Removed">Devices that this request removes.</param>
/// <param name="Waiting">The callers; none for the pool's own requests.</param>
internal sealed record Operation(
    PoolCommand Command, ThinId? Subject, DeviceRecord? Before, PoolBacking Backing,
    ImmutableArray<DeviceRecord> Removed, ImmutableArray<Caller> Waiting)
{
    /// <summary>The pool's spare disks before.</summary>
    public ImmutableArray<DevicePath> Spares { get; init; } = [];

    /// <summary>The journal already says so; the kernel's state is being checked.</summary>
    public bool AlreadySo { get; init; }
}

/// <summary>The requests under way, and those that wait for the pool to open. A repeated request joins the first; each
/// is answered once, and their number is limited.</summary>
internal sealed class Requests(PoolMachine machine) : PoolPart(machine)
{
    private readonly Dictionary<RequestId, Operation> _underWay = [];

    /// <summary>Requests that wait for the outcome of a creation, by its device.</summary>
    private readonly Dictionary<ThinId, ImmutableArray<RequestId>> _heldBack = [];

    private readonly List<(Caller From, PoolCommand Command)> _stashed = [];

    public int Count => _underWay.Count;

    public bool IsGrowing => _underWay.Values.Any(operation => operation.Command is PoolCommands.Grow);

    public Operation? Find(RequestId request) => _underWay.GetValueOrDefault(request);

    public void Put(RequestId request, Operation operation) => _underWay[request] = operation;

    /// <summary>Removes the operation without a reply: it is decided again.</summary>
    public Operation? Withdraw(RequestId request) =>
        _underWay.Remove(request, out var operation) ? operation : null;

    /// <summary>The request that waits for a device's creation; null for the pool's own creations.</summary>
    public RequestId? CreatorOf(ThinId id) => _underWay
        .Where(pair => pair.Value.Subject == id && pair.Value.Command
            is PoolCommands.CreateSnapshot or PoolCommands.CommitLive or PoolCommands.Receive)
        .Select(pair => (RequestId?)pair.Key).FirstOrDefault();

    public IReadOnlyList<RequestId> ViewsOf(ThinId id) => [.. _underWay
        .Where(pair => pair.Value.Subject == id && pair.Value.Command is PoolCommands.CreateView)
        .Select(pair => pair.Key)];

    public bool IsChangingUse(DeviceKey key) => State.Find(key) is { } device && _underWay.Values.Any(
        o => o.Subject == device.Id && o.Command is PoolCommands.SetUse or PoolCommands.Commit);

    public bool IsResizing(DeviceKey key) => State.Find(key) is { } device && _underWay.Values.Any(
        o => o.Subject == device.Id && o.Command is PoolCommands.Resize);

    /// <summary>Adds the caller to the same request under way.</summary>
    public bool Join(PoolCommand command, Caller from)
    {
        if (!_underWay.TryGetValue(command.Request, out var running))
            return false;
        _underWay[command.Request] = running with { Waiting = running.Waiting.Add(from) };
        return true;
    }

    /// <summary>Holds a request back until the outcome of a creation is known.</summary>
    public void HoldBack(PoolCommand command, ThinId creating, ImmutableArray<Caller> waiting)
    {
        _underWay[command.Request] = new Operation(
            command, Subject: null, Before: null, Pool.Identity.Backing, Removed: [], waiting);
        _heldBack[creating] = _heldBack.GetValueOrDefault(creating, []).Add(command.Request);
    }

    /// <summary>Takes the requests that waited for this outcome.</summary>
    public IEnumerable<Operation> TakeHeldBack(ThinId created)
    {
        _heldBack.Remove(created, out var requests);
        foreach (var request in requests.IsDefault ? [] : requests)
        {
            if (Withdraw(request) is { } operation)
                yield return operation;
        }
    }

    public void Succeed(RequestId request)
    {
        if (!_underWay.TryGetValue(request, out var operation))
            return;
        // Publish first, so that a caller that reads after the reply finds its result.
        Core.Show();
        Finish(request, operation.Waiting, PoolSuccess.Of(
            operation.Command, Core.DeviceOrNull(operation.Subject), operation.Removed, operation.AlreadySo));
    }

    public void Fail(RequestId request, Refusal refusal)
    {
        if (_underWay.TryGetValue(request, out var operation))
            Finish(request, operation.Waiting, new PoolReplies.Refused(request, refusal));
    }

    public void Finish(RequestId request, ImmutableArray<Caller> waiting, PoolReply reply)
    {
        _underWay.Remove(request);
        foreach (var to in waiting)
            Core.Reply(to, reply);
        Machine.Exclusive.StopWhenDone();
    }

    /// <summary>Keeps a request until the pool is open or known to be closed.</summary>
    public void Stash(PoolCommand command, Caller from)
    {
        if (_stashed.Count < Settings.MaxOperations)
            _stashed.Add((from, command));
        else
            Core.Reply(from, new PoolReplies.Refused(command.Request, new Refusal(
                RefusalKind.Busy, "cannot take the request", Name, "the pool is being opened",
                "try again in a moment")));
    }

    public IReadOnlyList<(Caller From, PoolCommand Command)> TakeStashed()
    {
        (Caller, PoolCommand)[] stashed = [.. _stashed];
        _stashed.Clear();
        return stashed;
    }

    /// <summary>Takes all callers that wait for a reply.</summary>
    public IEnumerable<(Caller From, RequestId Request)> TakeAll()
    {
        List<(Caller, RequestId)> all =
        [
            .. _underWay.SelectMany(pair => pair.Value.Waiting.Select(from => (from, pair.Key))),
            .. _stashed.Select(stashed => (stashed.From, stashed.Command.Request)),
        ];
        _underWay.Clear();
        _stashed.Clear();
        return all;
    }
}
