using System.Collections.Immutable;
using System.Text;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Spread;

/// <summary>A copy of an image that the fleet ordered.</summary>
/// <param name="Request">The copy's request. The image that it brings is identified by the request that named it: an
/// image that an operator names is a different one, even with the same content.</param>
internal sealed record FleetCopy(PoolName Pool, ImageReference Reference, RequestId Request);

/// <summary>Records which images of this host are the fleet's own copies. The fleet may release or replace only these:
/// an image that an operator imported or copied stays, even if the fleet wants fewer copies. Stored in a file with a
/// line for each copy, written before the copy begins, so that the image has an owner from its first moment on. A lost
/// line makes a copy stay, and the line of a copy that never arrives has no effect.</summary>
internal sealed class FleetMadeImages(IDurableFiles files, PoolBoard board, AgentSettings settings)
{
    private readonly Lock _lock = new();
    private readonly HashSet<FleetCopy> _begun = [];
    private ImmutableHashSet<FleetCopy>? _copies;

    private string FilePath => $"{settings.StateDirectory}/fleet-copies";

    /// <summary>Whether the fleet ordered the copy that named this image.</summary>
    public bool Made(PoolName pool, ImageRecord image)
    {
        lock (_lock)
            return All.Any(copy => copy.Pool == pool && Made(copy, image));
    }

    /// <summary>Whether the fleet ordered this copy.</summary>
    public bool Ordered(RequestId copy)
    {
        lock (_lock)
            return All.Any(known => known.Request == copy);
    }

    /// <summary>An image on this host with this reference that does not belong to the fleet, so that no copy of the
    /// fleet may take the name; null if there is none.</summary>
    /// <param name="config">The digest of the expected image's configuration.</param>
    public string? Objection(ImageReference reference, string config)
    {
        foreach (var pool in board.All)
        {
            if (pool.State.Images.GetValueOrDefault(reference) is { } image && image.ConfigDigest != config
                && !Made(pool.Name, image))
                return $"pool {pool.Name} has another image of this name, which the fleet did not copy there";
        }
        return null;
    }

    /// <summary>Records a copy that is about to begin, and forgets copies that are neither present nor under
    /// way.</summary>
    /// <param name="begun">Disposed when this process has finished with the copy.</param>
    public KernelResult Begin(FleetCopy copy, out IDisposable begun)
    {
        lock (_lock)
        {
            _begun.Add(copy);
            begun = new Begun(() => End(copy));
            var next = All.Where(IsNeeded).ToImmutableHashSet().Add(copy);
            if (next.SetEquals(All))
                return KernelResult.Done;
            var text = string.Concat(next.Select(each => $"{each.Pool} {each.Request} {each.Reference}\n")
                .Order(StringComparer.Ordinal));
            var written = files.Replace(FilePath, Encoding.UTF8.GetBytes(text));
            if (written.Succeeded)
                _copies = next;
            return written;
        }
    }

    private ImmutableHashSet<FleetCopy> All => _copies ??= Read();

    private bool Made(FleetCopy copy, ImageRecord image) => copy.Reference == image.Reference
        && board.Find(copy.Pool) is { State.NamedBy: var names } && names.TryGetValue(image.Reference, out var request)
        && request == ImageCopier.NamingOf(copy.Request, image.Reference);

    private void End(FleetCopy copy)
    {
        lock (_lock)
            _begun.Remove(copy);
    }

    /// <summary>A pool that is unavailable at present may come back with its copy.</summary>
    private bool IsNeeded(FleetCopy copy) => _begun.Contains(copy) || board.Work.Of(copy.Pool).Contains(copy.Request)
        || board.Find(copy.Pool) is not { Phase: PoolPhase.Open, State.Images: var images }
        || (images.GetValueOrDefault(copy.Reference) is { } image && Made(copy, image));

    private ImmutableHashSet<FleetCopy> Read()
    {
        var bytes = files.Read(FilePath);
        return !bytes.Succeeded
            ? []
            :
            [
                .. from line in Encoding.UTF8.GetString(bytes.Value).Split('\n')
                   let words = line.Split(' ')
                   where words.Length == 3 && PoolName.TryParse(words[0], out _) && Guid.TryParse(words[1], out _)
                       && ImageReference.TryParse(words[2], out _)
                   select new FleetCopy(
                       new PoolName(words[0]), new ImageReference(words[2]), new RequestId(Guid.Parse(words[1]))),
            ];
    }

    private sealed class Begun(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
