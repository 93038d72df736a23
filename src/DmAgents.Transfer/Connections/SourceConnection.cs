using System.Threading.Channels;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Connections;

/// <summary>A receiver's connection to one source. It reads a record only when the receiver accepts one. So one record
/// is in memory, a busy receiver makes its source wait, and only a source that owes an answer can stall.</summary>
internal sealed class SourceConnection : IAsyncDisposable
{
    private readonly int _number;
    private readonly Stream _stream;
    private readonly StallGuardStream _guarded;
    private readonly ChannelWriter<ReceiverInput> _inbox;
    private readonly Channel<TransferRecord> _outbox = Channel.CreateUnbounded<TransferRecord>();
    private readonly SemaphoreSlim _taken = new(0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _reading;
    private readonly Task _writing;
    private bool _waits;

    private SourceConnection(
        int number, Stream stream, ChannelWriter<ReceiverInput> inbox, ConnectionSettings settings, TimeProvider time)
    {
        (_number, _stream, _inbox) = (number, stream, inbox);
        _guarded = new StallGuardStream(stream, settings.StalledAfter, time);
        _reading = Task.Run(() => ReadAsync(_guarded));
        _writing = Task.Run(() => WriteAsync(_guarded));
    }

    /// <summary>Sends the greeting and reads the first record.</summary>
    public static SourceConnection Start(
        int number, Stream stream, ChannelWriter<ReceiverInput> inbox, ConnectionSettings settings,
        TimeProvider time) =>
        new(number, stream, inbox, settings, time);

    public int Number => _number;

    public void Send(TransferRecord record) => _outbox.Writer.TryWrite(record);

    /// <summary>The receiver has processed a record of this connection.</summary>
    public void Stepped() => _waits = true;

    /// <summary>The receiver accepts records: reads the next one.</summary>
    public void ReadOn()
    {
        if (_waits)
            _taken.Release();
        _waits = false;
    }

    public async ValueTask DisposeAsync()
    {
        _outbox.Writer.TryComplete();
        await _ended.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_reading, _writing).ConfigureAwait(false);
        await _guarded.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
        _taken.Dispose();
    }

    private async Task ReadAsync(StallGuardStream stream)
    {
        var reason = "the source closed the connection";
        using var reader = new RecordReader(stream, WireSide.Sender);
        try
        {
            await WireGreeting.ReadAsync(stream, _ended.Token).ConfigureAwait(false);
            while (await reader.ReadAsync(_ended.Token).ConfigureAwait(false) is { } record)
            {
                // The inbox holds one record of this connection: the next is read after this one's step. After a failed
                // reception the inbox accepts none.
                _inbox.TryWrite(new ReceiverInput.Received(_number, record));
                await _taken.WaitAsync(_ended.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (ConnectionFaults.Describe(e) is { } fault)
        {
            reason = fault;
        }
        _inbox.TryWrite(new ReceiverInput.Broken(_number, reason));
    }

    private async Task WriteAsync(StallGuardStream stream)
    {
        try
        {
            using var writer = new RecordWriter(stream);
            await WireGreeting.WriteAsync(stream, _ended.Token).ConfigureAwait(false);
            await foreach (var record in _outbox.Reader.ReadAllAsync(_ended.Token).ConfigureAwait(false))
                await writer.WriteAsync(record, _ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionFaults.Describe(e) is { } fault)
        {
            _inbox.TryWrite(new ReceiverInput.Broken(_number, fault));
        }
    }
}
