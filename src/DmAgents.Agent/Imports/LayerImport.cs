using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>An import under way, and what it tells about itself.</summary>
internal sealed record LayerImport(
    PoolPicture Pool, RequestId Request, IImageSource Source, ImageDescription Image, Action<ImportProgress> Report)
{
    /// <summary>Often enough for a bar that moves, seldom enough to cost nothing.</summary>
    private const long ReportEvery = 256 * 1024;

    /// <summary>Stored bytes of the layers that are done.</summary>
    public long Done { get; set; }

    /// <summary>What the file systems of the layers could not hold.</summary>
    public LostXattrs Lost { get; } = new();

    private long Total => Image.Layers.Sum(layer => layer.Size);

    /// <param name="read">Stored bytes of this layer that were read.</param>
    public void Tell(int index, ImportProgress.Types.Phase phase, long read) => Report(new ImportProgress
    {
        Phase = phase,
        LayerIndex = (uint)index + 1,
        LayerCount = (uint)Image.Layers.Count,
        DiffId = Image.Layers[index].DiffId?.Value ?? "",
        CompressedBytesRead = (ulong)(Done + read),
        CompressedBytesTotal = (ulong)Total,
    });

    public IProgress<long> ProgressOf(int index) => new LayerProgress(this, index);

    /// <summary>Called on the thread that reads: unlike Progress&lt;T&gt; it neither queues nor changes
    /// threads.</summary>
    private sealed class LayerProgress(LayerImport import, int index) : IProgress<long>
    {
        private long _next;

        public void Report(long value)
        {
            if (value < _next)
                return;
            _next = value + ReportEvery;
            import.Tell(index, ImportProgress.Types.Phase.Unpacking, value);
        }
    }
}
