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
/// <param name="Request">Of the copy. The image that it brings is known by the request that gave it its name: what an
/// operator names is another, also with the same content.</param>
internal sealed record FleetCopy(PoolName Pool, ImageReference Reference, RequestId Request);

/// <summary>
/// Which images of this host the fleet's own copies are. Only these may it let go or replace: what an operator imported
/// or copied here stays, also if the fleet wants fewer copies. Kept in a file with a line for each copy, written before
/// the copy begins, so that the image has an owner from its first moment on. A line that is lost makes a copy stay, and
/// one of a copy that never comes does nothing.
/// </summary>
internal sealed class FleetMadeImages(IDurableFiles files, PoolBoard board, AgentSettings settings)
{
    private readonly Lock _lock = new();
    private readonly HashSet<FleetCopy> _begun = [];
    private ImmutableHashSet<FleetCopy>? _copies;

    private string FilePath => $"{settings.StateDirectory}/fleet-copies";

    /// <summary>The fleet ordered the copy that gave this image its name.</summary>
    public bool Made(PoolName pool, ImageRecord image)
    {
        lock (_lock)
            return All.Any(copy => copy.Pool == pool && Made(copy, image));
    }

    /// <summary>The fleet ordered this copy.</summary>
    public bool Ordered(RequestId copy)
    {
        lock (_lock)
            return All.Any(known => known.Request == copy);
    }

    /// <summary>An image of this host that is not the fleet's and has the reference, so that no copy of the fleet may
    /// take the name; null: there is none.</summary>
    /// <param name="config">The digest of the configuration of the image that is to come.</param>
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

    /// <summary>Notes a copy that is to begin, and forgets those that are neither there nor under way.</summary>
    /// <param name="begun">Disposed of when this process has nothing more to do with the copy.</param>
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

    /// <summary>A pool that is not there at present may come back with its copy.</summary>
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
