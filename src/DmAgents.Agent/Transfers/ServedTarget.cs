using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Transfers;

/// <summary>The device of a reception, as other hosts are served from it meanwhile. It is closed when none of them
/// reads it.</summary>
internal sealed class ServedTarget(IOpenReceivingDevice device) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _isIdle = new(initialState: true);
    private int _readers;
    private bool _isClosed;

    /// <returns>Null: it is closed.</returns>
    public KernelResult? TryRead(ByteSize offset, Span<byte> into)
    {
        lock (_lock)
        {
            if (_isClosed)
                return null;
            _readers++;
            _isIdle.Reset();
        }
        try
        {
            return device.Read(offset, into);
        }
        finally
        {
            lock (_lock)
            {
                if (--_readers == 0)
                    _isIdle.Set();
            }
        }
    }

    /// <summary>Waits for the reads that are under way: each is of one piece at most.</summary>
    public void Dispose()
    {
        lock (_lock)
            _isClosed = true;
        _isIdle.Wait();
        device.Dispose();
    }
}
