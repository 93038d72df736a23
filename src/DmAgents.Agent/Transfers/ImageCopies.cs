using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Transfers;

/// <summary>The copies under way on this host. Copies that a crash or a stop interrupted count as work under way before
/// the pools are opened, so that nothing of them is undone. They continue when the agent has started.</summary>
internal sealed class ImageCopies(
    PoolGateway gateway, ImageCopier copier, CopyFiles kept, ILayerPeers peers, AgentSettings settings,
    ILogger<ImageCopies> log) : IHostedLifecycleService, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private ImmutableDictionary<RequestId, RunningCopy> _running = ImmutableDictionary<RequestId, RunningCopy>.Empty;

    public bool IsStopping => _stopping.IsCancellationRequested;

    public IEnumerable<RunningCopy> All => _running.Values.OrderBy(copy => copy.Job.StartedAt);

    /// <summary>Begins to copy an image, or follows its copy that is under way.</summary>
    /// <exception cref="RefusedException">There is no such host.</exception>
    public RunningCopy Start(RequestId request, PoolPicture pool, HostName from, string image)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(request, out var same))
                return same;
            if (_running.Values.FirstOrDefault(copy => copy.Job.Pool == pool.Name && copy.Job.From == from
                && copy.Job.Image == image) is { } underWay)
                return underWay;
            Check(from, image);
            return Run(TakeUp(new CopyJob(request, pool.Name, from, image, gateway.Now)));
        }
    }

    /// <summary>False: there is no such copy.</summary>
    public bool Cancel(RequestId request)
    {
        if (!_running.TryGetValue(request, out var copy))
            return false;
        copy.Cancel();
        return true;
    }

    /// <summary>Runs before any pool is opened.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        var pools = Directory.Exists($"{settings.StateDirectory}/pools")
            ? Directory.GetDirectories($"{settings.StateDirectory}/pools")
            : [];
        foreach (var directory in pools)
        {
            if (!PoolName.TryParse(Path.GetFileName(directory), out var name))
                continue;
            var paths = new PoolPaths(settings.StateDirectory, name);
            foreach (var (job, offer) in kept.Find(paths, log.CopyUnreadable))
                TakeUp(job).Offer = offer;
            kept.Sweep(paths, _running.Keys.ToHashSet());
        }
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var copy in All)
        {
            log.CopyResumed(copy.Job.Image, copy.Job.From);
            Run(copy);
        }
        return Task.CompletedTask;
    }

    /// <summary>Runs before the pools stop.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        var ending = Task.WhenAll(_running.Values.Select(copy => (Task)copy.Done));
        if (!await ending.EndsWithin(settings.StopDeadline, cancellationToken).ConfigureAwait(false))
            log.CopiesNotStopped();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private void Check(HostName from, string image)
    {
        if (peers.Self is not { } self)
        {
            throw Refusals.Because(
                RefusalKind.WrongState, ImageCopier.What, image, "this host is in no fleet",
                "join one: dmagent fleet join --help");
        }
        if (self.Host == from)
        {
            throw Refusals.Invalid(
                ImageCopier.What, image, $"{from} is this host", "name the host that has the image");
        }
        if (!peers.Knows(from))
        {
            throw Refusals.NotFound(
                ImageCopier.What, from.Value, $"fleet {self.Fleet} has no host of this name, as this host sees it",
                "list them: dmagent fleet status");
        }
    }

    private RunningCopy TakeUp(CopyJob job)
    {
        var copy = new RunningCopy(job, gateway.Board.Work.Begin(job.Pool, job.Request));
        _running = _running.Add(job.Request, copy);
        return copy;
    }

    private RunningCopy Run(RunningCopy copy)
    {
        copy.Done = Task.Run(async () =>
        {
            try
            {
                await PoolIsOpenAsync(copy).ConfigureAwait(false);
                return await copier.RunAsync(copy, _stopping.Token).ConfigureAwait(false);
            }
            catch (RefusedException refused)
            {
                log.CopyFailed(copy.Job.Image, copy.Job.From, refused.Refusal, refused.Refusal.Next);
                throw;
            }
            finally
            {
                End(copy);
            }
        });
        return copy;
    }

    /// <summary>Waits for the pool, which may never open. A copy that is no longer wanted is forgotten: the next
    /// opening undoes it.</summary>
    private async Task PoolIsOpenAsync(RunningCopy copy)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(copy.NotWanted, _stopping.Token);
        try
        {
            await gateway.Board.When(copy.Job.Pool, pool => pool is { Phase: PoolPhase.Open }, either.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!IsStopping)
        {
            var paths = new PoolPaths(settings.StateDirectory, copy.Job.Pool);
            if (kept.Forget(paths, copy.Job.Request) is { Error: { } error })
                log.CopyNotEnded(copy.Job.Image, error);
            throw;
        }
    }

    /// <summary>In a stopping agent the copy stays under way until the end of the process.</summary>
    private void End(RunningCopy copy)
    {
        lock (_lock)
            _running = _running.Remove(copy.Job.Request);
        if (!_stopping.IsCancellationRequested)
            copy.Dispose();
    }
}
