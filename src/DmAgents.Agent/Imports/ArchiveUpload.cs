using DmAgents.Api.Admin.V1;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>An archive that a caller sends, part by part.</summary>
/// <param name="request">Its path says where the bytes come from, for messages.</param>
/// <param name="size">How much will come, in bytes; 0 if that is not known.</param>
/// <param name="parts">Read one at a time: a sender that is faster than the disk waits.</param>
internal sealed class ArchiveUpload(
    ImportImageRequest request, ulong size, IAsyncEnumerable<ReadOnlyMemory<byte>> parts)
{
    public ImportImageRequest Request => request;

    /// <summary>Takes all bytes.</summary>
    public async Task<ReceivedArchive> Receive(
        string spoolDirectory, Action<ImportProgress> report, CancellationToken cancellation)
    {
        var archive = new ReceivedArchive(
            spoolDirectory, request.Path, (long)Math.Min(size, long.MaxValue));
        try
        {
            await foreach (var part in parts.WithCancellation(cancellation).ConfigureAwait(false))
            {
                archive.Write(part.Span);
                report(new ImportProgress
                {
                    Phase = ImportProgress.Types.Phase.Receiving,
                    CompressedBytesRead = (ulong)archive.Size,
                    // A size that turns out too small is as good as none.
                    CompressedBytesTotal = size < (ulong)archive.Size ? 0 : size,
                });
            }
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
