using System.Threading.Channels;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Connections;

/// <summary>Serves one receiver: the stream, the disk and the limits around a <see cref="Sender"/>.</summary>
/// <remarks>Reads the next record only after the last request is answered. So a receiver's requests take no memory
/// here, and the time of an answer does not count against the receiver.</remarks>
public sealed class SendingConnection(
    TransferParty pool, ILayerSources sources, HostBandwidth host, ConnectionSettings settings, TimeProvider time)
{
    /// <summary>A step runs on the thread that brings its input: waking another thread for each record and piece costs
    /// more than the step.</summary>
    private readonly Channel<SenderInput> _inbox = Channel.CreateUnbounded<SenderInput>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Channel<TransferRecord> _outbox = Channel.CreateUnbounded<TransferRecord>();
    private readonly Sender _sender = new(pool);
    private IOpenLayer? _open;
    private readonly TransferTurn _turn = new();
    private ITimer? _timer;
    private int _jobs;
    private bool _waitsForReading;
    private bool _isReceiverGone;
    private string? _fault;
    private string? _noDifference;

    /// <summary>Three keep-alives within the time after which a receiver considers its source stalled.</summary>
    private TimeSpan KeepAliveAfter => settings.StalledAfter / 3;

    /// <summary>Serves until the receiver closes the stream or is refused.</summary>
    /// <returns>What went wrong, including a difference that was not found, so that whole pieces were sent; null:
    /// nothing.</returns>
    public async Task<string?> RunAsync(Stream stream, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var taken = new SemaphoreSlim(0);
        await using var timer = _timer = time.CreateTimer(
            _ => _inbox.Writer.TryWrite(new SenderInput.Tick()), null, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        await using var reads = new StallGuardStream(stream, settings.IdleAfter, time);
        await using var writes = new StallGuardStream(stream, settings.StalledAfter, time);
        var reading = ReadAsync(reads, taken, ended.Token);
        var writing = WriteAsync(
            new PacedStream(writes, host, _turn, settings.BytesPerSecond, time), ended.Token);
        try
        {
            await StepAsync(taken).ConfigureAwait(false);
            _outbox.Writer.TryComplete();
            // Queued records are still sent, above all a refusal's reason, unless the receiver has gone.
            if (!_isReceiverGone)
                await writing.ConfigureAwait(false);
        }
        finally
        {
            _outbox.Writer.TryComplete();
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(reading, writing).ConfigureAwait(false);
            _open?.Dispose();
        }
        return _noDifference is null ? _fault : _fault is null ? _noDifference : $"{_noDifference}; {_fault}";
    }

    private async Task StepAsync(SemaphoreSlim taken)
    {
        var closed = false;
        while (!closed || _jobs > 0)
        {
            var input = await _inbox.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            _jobs -= input is SenderInput.Opened or SenderInput.NotOpened or SenderInput.ExtentsFound
                or SenderInput.Looked or SenderInput.PieceRead ? 1 : 0;
            _isReceiverGone |= input is SenderInput.Broken;
            foreach (var output in _sender.Step(input))
            {
                Do(output);
                closed |= output is SenderOutput.Close;
            }
            if (input is SenderInput.Tick && _sender.NeedsTicks)
                _timer!.Change(KeepAliveAfter, Timeout.InfiniteTimeSpan);
            _waitsForReading |= input is SenderInput.Received;
            if (_waitsForReading && _sender.TakesRecords)
            {
                _waitsForReading = false;
                taken.Release();
            }
        }
    }

    private void Do(SenderOutput output)
    {
        switch (output)
        {
            case SenderOutput.Open(var ask):
                _turn.Priority = ask.Priority;
                _timer!.Change(KeepAliveAfter, Timeout.InfiniteTimeSpan);
                Run(() => sources.Open(ask) switch
                {
                    OpenAnswer.Found(var layer) => Opened(layer),
                    OpenAnswer.Refused(var why, var reason) => new SenderInput.NotOpened(why, reason),
                    var other => throw new InvalidOperationException($"an answer of no known kind: {other}"),
                });
                break;
            case SenderOutput.FindExtents(var origin):
                var changes = _open!.Changes;
                Run(() => new SenderInput.ExtentsFound(Find(changes, origin)));
                break;
            case SenderOutput.LookForMissing:
                var open = _open!;
                Run(() => new SenderInput.Looked(open.Layer));
                break;
            case SenderOutput.ReadPiece read:
                var device = _open!.Device;
                Run(() => new SenderInput.PieceRead(read.Piece, Read(device, read)));
                break;
            case SenderOutput.Send(var record):
                _outbox.Writer.TryWrite(record);
                break;
            case SenderOutput.Release:
                _open?.Dispose();
                _open = null;
                break;
            case SenderOutput.Close(var reason):
                _fault ??= reason.Length == 0 ? null : reason;
                break;
            default:
                throw new InvalidOperationException($"an output of no known kind: {output}");
        }
    }

    private SenderInput Opened(IOpenLayer layer)
    {
        if (layer.Layer is { } found)
        {
            _open = layer;
            return new SenderInput.Opened(found);
        }
        layer.Dispose();
        return new SenderInput.NotOpened(TransferRefusal.UnknownLayer, "this host receives it no more");
    }

    private IReadOnlyList<ByteRange>? Find(IBlockChanges? changes, ContentDigest origin)
    {
        if (changes?.Since(origin) is not { } found)
            return null;
        if (found.Succeeded)
            return found.Value;
        // Devices that share no blocks are not an error.
        if (!found.FailedWith(KernelFault.NotSupported))
            _noDifference = $"the difference from {origin} was not found, and whole pieces are sent: {found.Error}";
        return null;
    }

    private static KernelError? Read(IBlockReader device, SenderOutput.ReadPiece read)
    {
        foreach (var part in read.Parts)
        {
            var into = read.Buffer.AsSpan((int)(part.Start - read.Range.Start).Bytes, (int)part.Length.Bytes);
            if (device.Read(part.Start, into).Error is { } error)
                return error;
        }
        return null;
    }

    /// <summary>Runs a job off this connection's loop, because a disk may be slow.</summary>
    private void Run(Func<SenderInput> job)
    {
        _jobs++;
        // A job that throws is a bug: it ends the connection, which does not wait for an answer.
        _ = Task.Run(() => _inbox.Writer.TryWrite(job())).ContinueWith(
            failed => _inbox.Writer.TryComplete(failed.Exception), CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private async Task ReadAsync(Stream stream, SemaphoreSlim taken, CancellationToken cancellation)
    {
        try
        {
            using var reader = new RecordReader(stream, WireSide.Receiver);
            await WireGreeting.ReadAsync(stream, cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false) is { } record)
            {
                _inbox.Writer.TryWrite(new SenderInput.Received(record));
                await taken.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (ConnectionFaults.Describe(e) is { } reason)
        {
            _fault ??= cancellation.IsCancellationRequested ? null : reason;
        }
        _inbox.Writer.TryWrite(new SenderInput.Broken());
    }

    private async Task WriteAsync(Stream stream, CancellationToken cancellation)
    {
        try
        {
            using var writer = new RecordWriter(stream);
            await WireGreeting.WriteAsync(stream, cancellation).ConfigureAwait(false);
            await foreach (var record in _outbox.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                await writer.WriteAsync(record, cancellation).ConfigureAwait(false);
                _inbox.Writer.TryWrite(new SenderInput.Sent());
            }
            await stream.FlushAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionFaults.Describe(e) is { } reason)
        {
            _fault ??= cancellation.IsCancellationRequested ? null : reason;
            _inbox.Writer.TryWrite(new SenderInput.Broken());
        }
    }
}
