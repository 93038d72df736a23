using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>
/// Steps the two machines that ship against each other, one thing at a time: a record arrives, or a job is done. Which
/// comes next is chosen at random, in the order that each side keeps. Between any two steps something may end.
/// </summary>
internal sealed class TransferRun
{
    private readonly MemoryPool _receiverPool;
    private readonly Random _random;
    private readonly ReceiveRequest _request;
    private readonly ReceiverSettings _settings;
    private readonly Queue<TransferRecord> _toSender = [];
    private readonly Queue<TransferRecord> _toReceiver = [];
    private readonly List<Func<SenderInput>> _senderJobs = [];
    private readonly List<Func<ReceiverInput>> _receiverJobs = [];
    private readonly Dictionary<Sender, IOpenLayer> _open = [];
    private MemoryPool _senderPool;
    private Sender? _sender;
    private int _connection;
    private TimeSpan _now;
    private TimeSpan? _wakeAt;
    private bool _isThere;

    public TransferRun(
        MemoryPool sender, MemoryPool receiver, Random random, ReceiveRequest request, ReceiverSettings settings)
    {
        (_senderPool, _receiverPool, _random, _request, _settings) = (sender, receiver, random, request, settings);
        Receiver = new Receiver(request, settings);
        Tell(new ReceiverInput.Start());
    }

    public Receiver Receiver { get; private set; }

    public int Steps { get; private set; }

    /// <summary>Pieces that came whole or in part, in their order.</summary>
    public List<ulong> PiecesSent { get; } = [];

    public List<string> Faults { get; } = [];

    public string? Abandoned { get; private set; }

    public long DataBytes { get; private set; }

    public long ZeroBytes { get; private set; }

    public List<TransferRecord> Answers { get; } = [];

    /// <summary>Called before each step.</summary>
    public Action? Before { get; set; }

    /// <summary>Changes what the sender sends.</summary>
    public Func<TransferRecord, TransferRecord> OnTheWay { get; set; } = record => record;

    /// <summary>A connection on which nothing happens any more breaks; otherwise the run ends there.</summary>
    public bool CutsStalls { get; init; }

    /// <summary>The most records that were sent and not taken.</summary>
    public int MostOnTheWay { get; private set; }

    public static ReceiveRequest RequestFor(ContentMap layer, params ContentMap[] ancestors) => new(
        Records.Layer, layer.Digest, TransferPriority.Normal, null, [.. ancestors]);

    public static ReceiverSettings SettingsFor(MemoryPool pool) => new(pool.Identity, Histories.Pieces, ByteSize.GiB(1))
    {
        PiecesInMemory = 2,
        SyncEvery = 3,
        AskAtOnce = 5,
    };

    /// <summary>Until the receiver is done, or nothing more can happen.</summary>
    public TransferRun Run(int limit = 100_000)
    {
        while (!Receiver.IsOver && Steps < limit && StepOnce())
        {
        }
        Assert.True(Steps < limit, "it never ends");
        return this;
    }

    /// <summary>One step.</summary>
    /// <returns>False: nothing can happen any more, or the receiver is done.</returns>
    public bool StepOnce()
    {
        if (Receiver.IsOver || _isThere)
            return false;
        Before?.Invoke();
        Steps++;
        if (Receiver.NeedsSource && _sender is null && Faults.Count < 20)
        {
            _sender = new Sender(_senderPool.Identity, readAhead: 2);
            Tell(new ReceiverInput.Connected(++_connection));
            return true;
        }
        var possible = new List<Action>();
        if (_toSender.Count > 0)
            possible.Add(() => Tell(_sender!, new SenderInput.Received(_toSender.Dequeue())));
        if (_toReceiver.Count > 0 && Receiver.TakesRecords(_connection))
            possible.Add(Deliver);
        if (_senderJobs.Count > 0)
            possible.Add(() => Tell(_sender!, Take(_senderJobs)()));
        if (_receiverJobs.Count > 0)
            possible.Add(() => Tell(Take(_receiverJobs)()));
        if (possible.Count == 0 && _wakeAt is { } time)
        {
            (_now, _wakeAt) = (time, null);
            possible.Add(() => Tell(new ReceiverInput.Tick()));
        }
        if (possible.Count == 0 && CutsStalls && _sender is not null)
            possible.Add(Cut);
        if (possible.Count == 0)
            return false;
        possible[_random.Next(possible.Count)]();
        return true;
    }

    /// <summary>The connection breaks; what was on the way is lost. The sender's process may have died as well.
    /// </summary>
    public void Cut()
    {
        if (_sender is null)
            return;
        Drop();
        Tell(new ReceiverInput.Broken(_connection, "cut"));
    }

    /// <summary>The receiver's host loses its power, and starts again.</summary>
    public void CutReceiversPower() => RestartReceiver(_receiverPool.CutPower(_random));

    /// <summary>The receiver's agent stops in order, and starts again.</summary>
    public void StopReceiver()
    {
        Tell(new ReceiverInput.Stop());
        // What is under way comes to its end, and nothing else is ordered.
        while (_receiverJobs.Count > 0)
            Tell(Take(_receiverJobs)());
        Assert.True(Receiver.IsStopped || Receiver.IsCommitted);
        RestartReceiver(_receiverPool.Kept());
    }

    private void RestartReceiver((ReceivingProgress Progress, ContentMap Map)? kept)
    {
        Drop();
        _receiverJobs.Clear();
        Receiver = kept is var (progress, map)
            ? new Receiver(_request, _settings, progress, map)
            : new Receiver(_request, _settings);
        // A start that finds the layer committed receives nothing.
        _isThere = _receiverPool.Layers.ContainsKey(_request.Content);
        if (!_isThere)
            Tell(new ReceiverInput.Start());
    }

    /// <summary>The next connection is to another host.</summary>
    public void Source(MemoryPool pool) => _senderPool = pool;

    public void Tell(ReceiverInput input)
    {
        foreach (var output in Receiver.Step(input, _now))
            Do(output);
    }

    private void Deliver()
    {
        var record = OnTheWay(_toReceiver.Dequeue());
        if (record is TransferRecords.PieceEnd end)
            PiecesSent.Add(end.Piece);
        DataBytes += record is TransferRecords.Data data ? data.Bytes.Length : 0;
        ZeroBytes += record is TransferRecords.Zeros zeros ? (long)zeros.Range.Length.Bytes : 0;
        Answers.Add(record is TransferRecords.Data bytes ? bytes with { Bytes = default } : record);
        var sender = _sender;
        Tell(new ReceiverInput.Received(_connection, record));
        // As a stream does: what left makes room.
        if (sender is not null && sender == _sender)
            Tell(sender, new SenderInput.Sent());
    }

    private void Tell(Sender sender, SenderInput input)
    {
        foreach (var output in sender.Step(input))
        {
            switch (output)
            {
                case SenderOutput.Open(var ask):
                    _senderJobs.Add(() => Open(sender, ask));
                    break;
                case SenderOutput.FindExtents(var origin):
                    var changes = _open[sender].Changes;
                    _senderJobs.Add(() => new SenderInput.ExtentsFound(changes?.Since(origin).Value));
                    break;
                case SenderOutput.LookForMissing:
                    var open = _open[sender];
                    _senderJobs.Add(() => new SenderInput.Looked(open.Layer));
                    break;
                case SenderOutput.ReadPiece read:
                    var device = _open[sender].Device;
                    _senderJobs.Add(() => Read(device, read));
                    break;
                case SenderOutput.Send(var record):
                    _toReceiver.Enqueue(record);
                    MostOnTheWay = Math.Max(MostOnTheWay, _toReceiver.Count);
                    break;
                case SenderOutput.Release:
                    _open.Remove(sender);
                    break;
                case SenderOutput.Close:
                    break;
                default:
                    throw new InvalidOperationException($"{output}");
            }
        }
    }

    private SenderInput Open(Sender sender, TransferRecords.Ask ask)
    {
        switch (_senderPool.Open(ask))
        {
            case OpenAnswer.Found(var layer):
                _open[sender] = layer;
                return new SenderInput.Opened(layer.Layer!);
            case OpenAnswer.Refused(var why, var reason):
                return new SenderInput.NotOpened(why, reason);
            default:
                throw new InvalidOperationException();
        }
    }

    private static SenderInput.PieceRead Read(IBlockReader device, SenderOutput.ReadPiece read)
    {
        read.Buffer.AsSpan().Fill(0xee);
        foreach (var part in read.Parts)
            device.Read(
                part.Start, read.Buffer.AsSpan((int)(part.Start - read.Range.Start).Bytes, (int)part.Length.Bytes));
        return new SenderInput.PieceRead(read.Piece, null);
    }

    private void Do(ReceiverOutput output)
    {
        switch (output)
        {
            case ReceiverOutput.Send(_, var record):
                _toSender.Enqueue(record);
                break;
            case ReceiverOutput.Disconnect(var connection, var fault):
                if (connection == _connection)
                    Drop();
                if (fault is not null)
                    Faults.Add(fault);
                break;
            case ReceiverOutput.WakeAt(var time):
                _wakeAt = time;
                break;
            case ReceiverOutput.Abandon(var reason):
                Abandoned = reason;
                _receiverPool.Abandon(reason);
                break;
            default:
                _receiverJobs.Add(() => Job(output));
                break;
        }
    }

    private ReceiverInput Job(ReceiverOutput job)
    {
        var target = _receiverPool.Target;
        switch (job)
        {
            case ReceiverOutput.KeepPlan(var progress, var map):
                return new ReceiverInput.PlanKept(_receiverPool.KeepPlan(progress, map).Error);
            case ReceiverOutput.FindTarget(var progress):
                return new ReceiverInput.TargetReady(_receiverPool.FindTarget(progress).Succeeded, null);
            case ReceiverOutput.MakeTarget(var progress):
                return new ReceiverInput.TargetReady(true, _receiverPool.MakeTarget(progress).Error);
            case ReceiverOutput.LoadPiece(var piece, var range, var into):
                return new ReceiverInput.PieceLoaded(piece, target!.Read(range.Start, into.Span).Error);
            case ReceiverOutput.WritePiece write:
                return new ReceiverInput.PieceWritten(write.Piece, Write(target!, write));
            case ReceiverOutput.ZeroPieces(var pieces, var range):
                return new ReceiverInput.PiecesZeroed(pieces, target!.Zero(range).Error);
            case ReceiverOutput.Sync:
                return new ReceiverInput.Synced(target!.Sync().Error);
            case ReceiverOutput.KeepProgress(var progress):
                return new ReceiverInput.ProgressKept(_receiverPool.KeepProgress(progress).Error);
            case ReceiverOutput.ReadBack(var piece, var range, var into):
                return new ReceiverInput.PieceReadBack(piece, target!.Read(range.Start, into.Span).Error);
            case ReceiverOutput.Commit(var progress, var map):
                return new ReceiverInput.Committed(_receiverPool.Commit(progress, map).Error);
            default:
                throw new InvalidOperationException($"{job}");
        }
    }

    private static KernelError? Write(MemoryTarget target, ReceiverOutput.WritePiece write)
    {
        foreach (var (range, zeros) in write.Parts)
        {
            var at = (int)(range.Start - write.Range.Start).Bytes;
            var written = zeros
                ? target.Zero(range)
                : target.Write(range.Start, write.Bytes.Span.Slice(at, (int)range.Length.Bytes));
            if (written.Error is { } error)
                return error;
        }
        return null;
    }

    private void Drop()
    {
        _toSender.Clear();
        _toReceiver.Clear();
        _senderJobs.Clear();
        _sender = null;
    }

    private T Take<T>(List<T> jobs)
    {
        var at = _random.Next(jobs.Count);
        var taken = jobs[at];
        jobs.RemoveAt(at);
        return taken;
    }
}
