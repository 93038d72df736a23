using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Transfers;

/// <summary>What a copy does at a moment.</summary>
internal enum CopyPhase
{
    /// <summary>The other host says which layers the image has; it may have to read them first.</summary>
    Asking,

    /// <summary>A layer's blocks come.</summary>
    Receiving,

    /// <summary>What this host has of the layer already is used.</summary>
    Present,

    /// <summary>The image gets its name.</summary>
    Tagging,
}

/// <summary>How far a copy is. Each says everything.</summary>
/// <param name="Layer">Which layer, from 1; 0 before the first.</param>
/// <param name="Received">Bytes of all layers that are there, in whole pieces.</param>
/// <param name="Total">Of all layers; zero if that is not known yet.</param>
internal sealed record CopyProgress(CopyPhase Phase, int Layer, int Layers, ByteSize Received, ByteSize Total)
{
    public static CopyProgress Begin { get; } = new(CopyPhase.Asking, 0, 0, default, default);
}

/// <summary>A copy under way.</summary>
internal sealed class RunningCopy(CopyJob job, IDisposable work) : IDisposable
{
    private readonly CancellationTokenSource _notWanted = new();
    private ulong _toCome;
    private CopyProgress _progress = CopyProgress.Begin;

    public CopyJob Job => job;

    /// <summary>What the other host offers; null until it has said so.</summary>
    public ImageOffer? Offer { get; set; }

    /// <summary>What its reference meant when the copy began; null: it takes the name from any image.</summary>
    public ImageExpectation? Expected { get; set; }

    /// <summary>Which hosts have its layers, while they come.</summary>
    public LayerHolders? Holders { get; set; }

    /// <summary>Bytes of layers that it still brings, once there is room for them.</summary>
    public ulong ToCome
    {
        get => Volatile.Read(ref _toCome);
        set => Volatile.Write(ref _toCome, value);
    }

    public CopyProgress Progress
    {
        get => Volatile.Read(ref _progress);
        set => Volatile.Write(ref _progress, value);
    }

    /// <summary>The image's reference. Fails with what refused it, or is cancelled if it was, or the agent stops.
    /// </summary>
    public Task<ImageReference> Done { get; set; } = Task.FromException<ImageReference>(
        new InvalidOperationException("it was not begun"));

    public CancellationToken NotWanted => _notWanted.Token;

    public void Cancel() => _notWanted.Cancel();

    /// <summary>It is under way no more.</summary>
    public void Dispose() => work.Dispose();
}
