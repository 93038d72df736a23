using System.Text.Json;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Transfers;

/// <summary>An image to copy from another host.</summary>
/// <param name="Image">The requested reference or id.</param>
internal sealed record CopyJob(
    RequestId Request, PoolName Pool, HostName From, string Image, DateTimeOffset StartedAt);

/// <summary>The stored state of a copy, so that it continues after a crash: from the first layer on, until the image
/// has its name or everything is undone.</summary>
internal sealed record CopyDocument(
    string Request, string From, string Image, DateTimeOffset StartedAt, ImageOffer Offer);

/// <summary>Files of copies, beside their pools.</summary>
internal sealed class CopyFiles(IDurableFiles files)
{
    private const string Ending = ".json";

    public KernelResult Keep(PoolPaths paths, CopyJob job, ImageOffer offer) => files.Replace(
        FileOf(paths, job.Request), JsonSerializer.SerializeToUtf8Bytes(
            new CopyDocument(job.Request.ToString(), job.From.Value, job.Image, job.StartedAt, offer),
            OfferJson.Default.CopyDocument));

    public KernelResult Forget(PoolPaths paths, RequestId request) => files.Delete(FileOf(paths, request));

    /// <summary>All interrupted copies into a pool, after a crash or a stop.</summary>
    /// <param name="unreadable">Called with each unreadable file, and the reason. Its copy is undone.</param>
    public IEnumerable<(CopyJob Job, ImageOffer Offer)> Find(PoolPaths paths, Action<string, string> unreadable)
    {
        var names = files.List(paths.TransferDirectory);
        foreach (var name in (names.Succeeded ? names.Value : []).Order(StringComparer.Ordinal))
        {
            if (!name.EndsWith(Ending, StringComparison.Ordinal))
                continue;
            var file = $"{paths.TransferDirectory}/{name}";
            if (Read(paths, file, out var why) is { } found)
                yield return found;
            else
                unreadable(file, why);
        }
    }

    /// <summary>Deletes the files of copies that nothing resumes.</summary>
    public void Sweep(PoolPaths paths, IReadOnlySet<RequestId> underWay)
    {
        var names = files.List(paths.TransferDirectory);
        foreach (var name in names.Succeeded ? names.Value : [])
        {
            if (!Guid.TryParse(name.Split('-', '.')[0], out var id) || !underWay.Contains(new RequestId(id)))
                files.Delete($"{paths.TransferDirectory}/{name}");
        }
    }

    private (CopyJob Job, ImageOffer Offer)? Read(PoolPaths paths, string file, out string why)
    {
        var bytes = files.Read(file);
        why = bytes.Error?.ToString() ?? "";
        if (!bytes.Succeeded)
            return null;
        try
        {
            var document = JsonSerializer.Deserialize(bytes.Value, OfferJson.Default.CopyDocument);
            if (document is null || !Guid.TryParse(document.Request, out var id)
                || !HostName.TryParse(document.From, out var from) || document.Offer.Fault() is not null)
            {
                why = "it does not say what is copied from where";
                return null;
            }
            return (new CopyJob(
                new RequestId(id), paths.Pool, from, document.Image, document.StartedAt), document.Offer);
        }
        catch (JsonException damaged)
        {
            why = damaged.Message;
            return null;
        }
    }

    private static string FileOf(PoolPaths paths, RequestId request) =>
        $"{paths.TransferDirectory}/{request.Value:N}{Ending}";
}
