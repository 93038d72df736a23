using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Sending;

namespace DmAgents.Agent.Transfers;

/// <summary>Serves one host from a layer that this host is receiving, and from the layer once it is committed. If the
/// reception is abandoned, the connection ends.</summary>
/// <param name="pieces">The pieces at the beginning.</param>
/// <param name="open">Opens the committed layer.</param>
/// <param name="connection">Ends all waiting.</param>
internal sealed class ReceivedSource(
    ReceivedLayer received, ServedPieces pieces, ImmutableDictionary<ContentDigest, ContentMap> bases,
    Func<Task<LayerReading>> open, Action ended, CancellationToken connection) : IOpenLayer, IBlockReader
{
    private readonly Lock _opening = new();
    private LayerReading? _reading;

    public SourceLayer? Layer =>
        received.Pieces is { } now ? Of(now.Missing) with { Coming = now.Coming }
        : IsCommitted() ? Of(PieceSet.Empty) : null;

    public IBlockReader Device => this;

    /// <summary>Its device is no snapshot of the layer that the map differs from, so whole pieces are sent.</summary>
    public IBlockChanges? Changes => null;

    public ByteSize Size => received.Shape.DeviceSize;

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        if (received.TryRead(offset, into) is { } read)
            return read;
        var opened = Open();
        return opened.Succeeded ? opened.Value.Read(offset, into) : opened.Error;
    }

    public void Dispose()
    {
        _reading?.Dispose();
        ended();
    }

    private SourceLayer Of(PieceSet missing) => new(received.Shape, pieces.Map, bases, missing) { Pool = received.Uuid };

    private bool IsCommitted()
    {
        try
        {
            return TransferPorts.Wait(() => received.Committed.WaitAsync(connection));
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private KernelResult<IBlockReader> Open()
    {
        lock (_opening)
        {
            if (_reading is { Device: var device })
                return KernelResult.Found(device);
            if (!IsCommitted())
            {
                return new KernelError(
                    KernelFault.Failed, 0, "read", received.Content.ToString(), "this host receives the layer no more");
            }
            try
            {
                _reading = TransferPorts.Wait(open);
                return KernelResult.Found(_reading.Device);
            }
            catch (RefusedException refused)
            {
                return TransferPorts.ErrorOf("read", received.Content.ToString(), refused.Refusal);
            }
            catch (OperationCanceledException)
            {
                return new KernelError(
                    KernelFault.Failed, 0, "read", received.Content.ToString(), "the connection ends");
            }
        }
    }
}
