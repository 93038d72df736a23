using System.Threading.Channels;
using DmAgents.Domain.Ports;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Transfer.Connections;

/// <summary>What a reception leaves behind.</summary>
public enum ReceptionEnd
{
    /// <summary>The layer.</summary>
    Committed,

    /// <summary>Nothing.</summary>
    GivenUp,

    /// <summary>What the store kept, for a later receiver to continue.</summary>
    Stopped,
}

/// <summary>How a reception ended.</summary>
/// <param name="Reason">Why it was abandoned, as text for the operator.</param>
public sealed record ReceptionOutcome(ReceptionEnd End, string Reason);

/// <summary>Receives one layer: sources, disk and store around a <see cref="Receiver"/>. The receiver may be one that a
/// crash of an earlier process interrupted.</summary>
public sealed class LayerReception(
    Receiver receiver, IReceptionStore store, ISourceConnector sources, ConnectionSettings settings, TimeProvider time)
{
    /// <summary>A step runs on the thread that brings its input: waking another thread for each record and job costs
    /// more than the step.</summary>
    private readonly Channel<ReceiverInput> _inbox = Channel.CreateUnbounded<ReceiverInput>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly long _origin = time.GetTimestamp();
    private readonly ConnectionPace _pace = new(settings);
    private readonly List<Task> _jobs = [];
    private volatile IReceivingDevice? _target;
    private readonly Dictionary<int, (SourceConnection Connection, Stream Stream)> _sources = [];
    private Attempt? _connecting;
    private Attempt? _seeking;
    private TimeSpan _seekAfter;
    private ITimer? _timer;
    private string? _fault;
    private string _reason = "";
    private int _connections;
    private volatile ServedPieces? _served;

    /// <summary>Completed by <see cref="SeekNow"/>, and replaced before the search that follows.</summary>
    private volatile TaskCompletionSource _hint = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What this host can serve of the layer during the reception; null: nothing yet, or nothing any more.
    /// Thread-safe.</summary>
    public ServedPieces? Served => _served;

    /// <summary>The target, while parts of it can be served. Thread-safe; the store closes it.</summary>
    public IReceivingDevice? Target => _served is null ? null : _target;

    /// <summary>Ends the pause before the next search for sources: another host receives the layer, too. Receivers of a
    /// small layer must find each other at its beginning. Thread-safe.</summary>
    public void SeekNow() => _hint.TrySetResult();

    /// <summary>Runs until the layer is committed or abandoned, or the agent stops. When it returns or throws, no call
    /// of the target or the store is in progress.</summary>
    /// <param name="notWanted">Cancels the reception: nothing of the layer stays.</param>
    /// <param name="stopping">Stops it: the store keeps what is there, and a receiver continues after the next
    /// start.</param>
    public async Task<ReceptionOutcome> RunAsync(CancellationToken notWanted, CancellationToken stopping)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(notWanted, stopping);
        await using var cancelling = notWanted.Register(
            () => _inbox.Writer.TryWrite(new ReceiverInput.Cancel("it is not wanted any more"))).ConfigureAwait(false);
        await using var ending = stopping.Register(
            () => _inbox.Writer.TryWrite(new ReceiverInput.Stop())).ConfigureAwait(false);
        await using var timer = _timer = time.CreateTimer(
            _ => _inbox.Writer.TryWrite(new ReceiverInput.Tick()), null, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _inbox.Writer.TryWrite(new ReceiverInput.Start());
        try
        {
            while (!receiver.IsOver)
            {
                var input = await _inbox.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                await StepAsync(input, given.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            await given.CancelAsync().ConfigureAwait(false);
            foreach (var attempt in new[] { _connecting, _seeking }.OfType<Attempt>())
            {
                if (await OutcomeOfAsync(attempt).ConfigureAwait(false) is (Stream late, _))
                    await late.DisposeAsync().ConfigureAwait(false);
            }
            foreach (var number in _sources.Keys.ToList())
                await CloseAsync(number, null).ConfigureAwait(false);
            _served = null;
            await Task.WhenAll(_jobs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return new ReceptionOutcome(
            receiver.IsCommitted ? ReceptionEnd.Committed : receiver.IsStopped ? ReceptionEnd.Stopped
                : ReceptionEnd.GivenUp,
            _reason);
    }

    private async Task StepAsync(ReceiverInput input, CancellationToken cancellation)
    {
        if (input is ReceiverInput.Broken broken)
            await CloseAsync(broken.Connection, broken.Reason).ConfigureAwait(false);
        if (input is ReceiverInput.Connected connected)
            input = await TakeConnectionAsync(connected, cancellation).ConfigureAwait(false);
        var outputs = receiver.Step(input, time.GetElapsedTime(_origin));
        Serve();
        foreach (var output in outputs)
            await DoAsync(output).ConfigureAwait(false);
        if (input is ReceiverInput.Received received && _sources.TryGetValue(received.Connection, out var source))
            source.Connection.Stepped();
        foreach (var (number, (connection, _)) in _sources)
        {
            if (receiver.TakesRecords(number))
                connection.ReadOn();
        }
        if (receiver.NeedsSource && _sources.Count == 0 && _connecting is null)
            Connect(cancellation);
        if (receiver.TakesSource && _seeking is null)
            Seek(cancellation);
    }

    /// <summary>Runs before a step's outputs are executed, so that no connection opens a target that is about to be
    /// removed.</summary>
    private void Serve()
    {
        var served = receiver.Served;
        if (served is null ? _served is not null : !served.IsAs(_served))
            _served = served;
    }

    /// <summary>The end of the attempt is an input like any other.</summary>
    private void Connect(CancellationToken cancellation)
    {
        if (_pace.Next(receiver.Progress) is not { } pause)
        {
            _inbox.Writer.TryWrite(new ReceiverInput.Cancel(
                $"{_pace.InVain} connections in a row brought nothing: {_fault ?? "they were closed"}"));
            return;
        }
        var fault = _fault;
        _connecting = Begin(pause, () => sources.ConnectAsync(fault, cancellation), cancellation);
    }

    /// <summary>Looks for a further source beside the present ones: at once if the last search found one, otherwise
    /// after a pause.</summary>
    private void Seek(CancellationToken cancellation)
    {
        var pause = _seekAfter;
        _seeking = Begin(TimeSpan.Zero, () => SeekAsync(pause, cancellation), cancellation);
    }

    private async Task<Stream?> SeekAsync(TimeSpan pause, CancellationToken cancellation)
    {
        var hint = _hint;
        await Task.WhenAny(hint.Task, Task.Delay(pause, time, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        // A hint during the search is for the next one.
        if (hint.Task.IsCompleted)
            _hint = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return await sources.ConnectFurtherAsync(cancellation).ConfigureAwait(false);
    }

    private Attempt Begin(TimeSpan pause, Func<Task<Stream?>> connect, CancellationToken cancellation)
    {
        var number = ++_connections;
        var connecting = Task.Run(
            async () =>
            {
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
                return await connect().ConfigureAwait(false);
            },
            CancellationToken.None);
        _ = connecting.ContinueWith(
            _ => _inbox.Writer.TryWrite(new ReceiverInput.Connected(number)), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return new Attempt(number, connecting);
    }

    /// <returns>The connection's input, or the receiver's input instead if there is no connection.</returns>
    private async Task<ReceiverInput> TakeConnectionAsync(
        ReceiverInput.Connected connected, CancellationToken cancellation)
    {
        var number = connected.Connection;
        var isFurther = number == _seeking?.Number;
        var attempt = isFurther ? _seeking : _connecting;
        if (isFurther)
            _seeking = null;
        else
            _connecting = null;
        var (stream, failed) = await OutcomeOfAsync(attempt!).ConfigureAwait(false);
        if (isFurther)
        {
            _seekAfter = stream is not null ? TimeSpan.Zero : _seekAfter == TimeSpan.Zero ? settings.SeekAfter
                : _seekAfter < settings.SeekAtLeastAfter ? 2 * _seekAfter : _seekAfter;
        }
        if (stream is not null)
        {
            _sources[number] = (
                SourceConnection.Start(number, stream, _inbox.Writer, settings, time), stream);
            return connected;
        }
        return isFurther || failed || cancellation.IsCancellationRequested
            ? new ReceiverInput.Tick()
            : new ReceiverInput.Cancel($"no source is left: {_fault ?? "none has it"}");
    }

    private async Task<(Stream? Stream, bool Failed)> OutcomeOfAsync(Attempt attempt)
    {
        try
        {
            return (await attempt.Connecting.ConfigureAwait(false), false);
        }
        catch (Exception e) when (ConnectionFaults.Describe(e) is { } fault)
        {
            _fault = fault;
            return (null, true);
        }
    }

    private async Task DoAsync(ReceiverOutput output)
    {
        switch (output)
        {
            case ReceiverOutput.Send(var connection, var record):
                _sources[connection].Connection.Send(record);
                break;
            case ReceiverOutput.Disconnect(var connection, var fault):
                await CloseAsync(connection, fault).ConfigureAwait(false);
                break;
            case ReceiverOutput.WakeAt(var at):
                var wait = at - time.GetElapsedTime(_origin);
                _timer!.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                break;
            case ReceiverOutput.Abandon(var reason):
                _reason = reason;
                var left = await Task.Run(() => store.Abandon(reason)).ConfigureAwait(false);
                _reason += left.Succeeded ? "" : $"; what is left is removed at the next start: {left.Error}";
                break;
            default:
                Run(output);
                break;
        }
    }

    private void Run(ReceiverOutput output)
    {
        var job = Task.Run(() => _inbox.Writer.TryWrite(Job(output)));
        _jobs.RemoveAll(other => other.IsCompleted);
        _jobs.Add(job);
        // A job that throws is a bug: it ends the reception.
        _ = job.ContinueWith(
            failed => _inbox.Writer.TryComplete(failed.Exception), CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private ReceiverInput Job(ReceiverOutput job) => job switch
    {
        ReceiverOutput.KeepPlan(var progress, var map) =>
            new ReceiverInput.PlanKept(store.KeepPlan(progress, map).Error),
        ReceiverOutput.FindTarget(var progress) => TargetOf(store.FindTarget(progress)),
        ReceiverOutput.MakeTarget(var progress) => TargetOf(store.MakeTarget(progress)),
        ReceiverOutput.LoadPiece(var piece, var range, var into) =>
            new ReceiverInput.PieceLoaded(piece, _target!.Read(range.Start, into.Span).Error),
        ReceiverOutput.WritePiece write => new ReceiverInput.PieceWritten(write.Piece, Write(write)),
        ReceiverOutput.ZeroPieces(var pieces, var range) =>
            new ReceiverInput.PiecesZeroed(pieces, _target!.Zero(range).Error),
        ReceiverOutput.Sync => new ReceiverInput.Synced(_target!.Sync().Error),
        ReceiverOutput.KeepProgress(var progress) =>
            new ReceiverInput.ProgressKept(store.KeepProgress(progress).Error),
        ReceiverOutput.ReadBack(var piece, var range, var into) =>
            new ReceiverInput.PieceReadBack(piece, _target!.Read(range.Start, into.Span).Error),
        ReceiverOutput.Commit(var progress, var map) =>
            new ReceiverInput.Committed(store.Commit(progress, map).Error),
        _ => throw new InvalidOperationException($"a job of no known kind: {job}"),
    };

    private ReceiverInput.TargetReady TargetOf(KernelResult<IReceivingDevice> found)
    {
        if (found.FailedWith(KernelFault.NotFound))
            return new ReceiverInput.TargetReady(IsThere: false, null);
        _target = found.Succeeded ? found.Value : null;
        return new ReceiverInput.TargetReady(IsThere: true, found.Error);
    }

    private KernelError? Write(ReceiverOutput.WritePiece write)
    {
        foreach (var (range, zeros) in ReceivedPart.Joined(write.Parts))
        {
            var at = (int)(range.Start - write.Range.Start).Bytes;
            var written = zeros
                ? _target!.Zero(range)
                : _target!.Write(range.Start, write.Bytes.Span.Slice(at, (int)range.Length.Bytes));
            if (written.Error is { } error)
                return error;
        }
        return null;
    }

    /// <summary>Does nothing if the connection is already closed.</summary>
    private async Task CloseAsync(int number, string? fault)
    {
        if (!_sources.Remove(number, out var source))
            return;
        _fault = fault;
        await source.Connection.DisposeAsync().ConfigureAwait(false);
        sources.Ended(source.Stream, fault);
    }

    /// <summary>A connection attempt in progress.</summary>
    private sealed record Attempt(int Number, Task<Stream?> Connecting);
}
