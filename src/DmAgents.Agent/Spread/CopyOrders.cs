using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Copies images to this host by order of the fleet. Each copy has one request id, on each repetition of the
/// order and after a restart. Before it begins, and as long as it runs, the host asks the image's entity whether the
/// copy is still wanted. If it is not, the copy is undone.</summary>
internal sealed class CopyOrders(
    FleetEntityAccess access, ImageCopies copies, PoolGateway gateway, ILayerPeers peers, FleetMadeImages made,
    AgentSettings settings, TimeProvider time, ILogger<CopyOrders> log) : IDisposable
{
    /// <summary>Concurrent copies for the fleet: one receives while another reads back or commits. More would share the
    /// same disk and network, so that each takes longer. The others wait, and are renewed.</summary>
    public const int AtATime = 3;

    private static readonly SpreadSettings Defaults = new(default, _ => { });

    private readonly ConcurrentDictionary<CopyId, bool> _underWay = new();
    private readonly SemaphoreSlim _turns = new(AtATime);

    /// <summary>Copies that this host runs or queues at this moment.</summary>
    public IEnumerable<CopyId> UnderWay => _underWay.Keys;

    private TimeSpan Lease => settings.Fleet.CopyLease;

    public async Task ExecuteAsync(HostOrders.CopyImage order, CancellationToken stopping)
    {
        if (!_underWay.TryAdd(order.Copy, true))
            return;
        try
        {
            if (await Continues(order.Copy, stopping).ConfigureAwait(false) != true
                || !await TakeTurnAsync(order.Copy, stopping).ConfigureAwait(false))
                return;
            try
            {
                var why = await CopyAsync(order, stopping).ConfigureAwait(false);
                if (why is not null)
                    await Fail(order.Copy, why, stopping).ConfigureAwait(false);
            }
            finally
            {
                _turns.Release();
            }
        }
        finally
        {
            _underWay.TryRemove(order.Copy, out _);
        }
    }

    public void Dispose() => _turns.Dispose();

    /// <returns>False: the copy is no longer wanted, and gets no turn.</returns>
    private async Task<bool> TakeTurnAsync(CopyId copy, CancellationToken stopping)
    {
        using var waits = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var turn = _turns.WaitAsync(waits.Token);
        while (await Task.WhenAny(turn, Task.Delay(Lease / 4, time, stopping)).ConfigureAwait(false) != turn)
        {
            if (stopping.IsCancellationRequested || await Continues(copy, stopping).ConfigureAwait(false) != false)
                continue;
            await waits.CancelAsync().ConfigureAwait(false);
            await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // The turn may have been granted in the same moment.
            if (turn.IsCompletedSuccessfully)
                _turns.Release();
            return false;
        }
        await turn.ConfigureAwait(false);
        return true;
    }

    /// <summary>The same id at each repetition.</summary>
    internal static RequestId RequestOf(CopyId copy) =>
        new(new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"fleet copy {copy}")).AsSpan(0, 16)));

    /// <returns>Why there is no copy; null: there is one, or none is wanted any more.</returns>
    private async Task<string?> CopyAsync(HostOrders.CopyImage order, CancellationToken stopping)
    {
        if (gateway.Board.Find(order.Pool) is not { } pool)
            return $"pool {order.Pool} is gone";
        if (await ObjectionAsync(order.Copy, stopping).ConfigureAwait(false) is { } objection)
            return objection;
        var noted = made.Begin(new FleetCopy(order.Pool, order.Copy.Image, RequestOf(order.Copy)), out var begun);
        using var underWay = begun;
        if (noted.Error is { } error)
            return $"the host cannot note that the copy is the fleet's: {error}";
        var why = "no host that has it can be reached";
        foreach (var source in order.Sources.Where(peers.Knows))
        {
            try
            {
                var copy = copies.Start(RequestOf(order.Copy), pool, source, order.Copy.Image.Value);
                await FollowAsync(order.Copy, copy, stopping).ConfigureAwait(false);
                return null;
            }
            catch (RefusedException refused)
            {
                why = refused.Refusal.Why;
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested && !copies.IsStopping)
            {
                return "it was cancelled on the host";
            }
        }
        return why;
    }

    /// <summary>Renews the copy at the fleet as long as it runs, even without progress: it reads back, writes to the
    /// disk, waits for its turn or for a source. Each of these waits has a deadline of its own.</summary>
    private async Task FollowAsync(CopyId id, RunningCopy copy, CancellationToken stopping)
    {
        while (await Task.WhenAny(copy.Done, Task.Delay(Lease / 4, time, stopping)).ConfigureAwait(false) != copy.Done)
        {
            stopping.ThrowIfCancellationRequested();
            if (await Continues(id, stopping).ConfigureAwait(false) != false)
                continue;
            // If an operator began the copy, only the operator cancels it.
            if (copy.Job.Request != RequestOf(id))
                return;
            copy.Cancel();
            await ((Task)copy.Done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        await copy.Done.ConfigureAwait(false);
    }

    /// <summary>Refuses what the fleet must not replace before a source is asked. A source may have yet another image
    /// under the name: the copy itself checks that.</summary>
    private async Task<string?> ObjectionAsync(CopyId copy, CancellationToken cancellation)
    {
        if (!access.TryFind(ImageCopier.What, copy.Image.Value, out var entities, out _))
            return null;
        var (state, _) = await entities.Show(copy.Image, cancellation).ConfigureAwait(false);
        return state?.Config is { } config ? made.Objection(copy.Image, config.Value) : null;
    }

    /// <returns>Null: the fleet does not answer at present.</returns>
    private async Task<bool?> Continues(CopyId copy, CancellationToken cancellation)
    {
        if (!access.TryFind(ImageCopier.What, copy.Image.Value, out var entities, out _))
            return null;
        var answer = await entities.Ask(
            copy.Image, new ImageCommands.NoteProgress(copy.Number, Lease, time.GetUtcNow()),
            cancellation).ConfigureAwait(false);
        return answer.Reply switch
        {
            ImageReplies.CopyContinues => true,
            ImageReplies.NoSuchCopy => false,
            _ => null,
        };
    }

    /// <summary>If the entity misses this report, the copy's lease expires.</summary>
    private async Task Fail(CopyId copy, string why, CancellationToken cancellation)
    {
        log.FleetCopyFailed(copy, why);
        if (access.TryFind(ImageCopier.What, copy.Image.Value, out var entities, out _))
        {
            await entities.Ask(
                copy.Image, new ImageCommands.NoteFailure(
                    copy.Number, why, Defaults.RetryAfter, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        }
    }
}
