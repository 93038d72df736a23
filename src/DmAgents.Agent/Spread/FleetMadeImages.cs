using System.Collections.Immutable;
using System.Text;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Spread;

/// <summary>An image that the fleet had copied to this host.</summary>
/// <param name="Config">The digest of its configuration: another is another image.</param>
internal sealed record FleetMadeImage(PoolName Pool, ImageReference Reference, string Config);

/// <summary>
/// Which images of this host the fleet's own copies are. Only these may it let go: what an operator imported or copied
/// here stays, also if the fleet wants fewer copies. Kept in a file with a line for each; one that is lost makes copies
/// stay, and nothing else.
/// </summary>
internal sealed class FleetMadeImages(IDurableFiles files, PoolBoard board, AgentSettings settings)
{
    private readonly Lock _lock = new();
    private ImmutableHashSet<FleetMadeImage>? _images;
    private TaskCompletionSource _changed = New();

    /// <summary>Done when another one is.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    private string FilePath => $"{settings.StateDirectory}/fleet-copies";

    public bool Contains(FleetMadeImage image)
    {
        lock (_lock)
            return All.Contains(image);
    }

    /// <summary>Also forgets those that are gone.</summary>
    public KernelResult Add(FleetMadeImage image)
    {
        lock (_lock)
        {
            var next = All.Where(IsThere).ToImmutableHashSet().Add(image);
            var text = string.Concat(next.Select(each => $"{each.Pool} {each.Config} {each.Reference}\n")
                .Order(StringComparer.Ordinal));
            var written = files.Replace(FilePath, Encoding.UTF8.GetBytes(text));
            if (written.Succeeded)
                _images = next;
            Interlocked.Exchange(ref _changed, New()).TrySetResult();
            return written;
        }
    }

    private ImmutableHashSet<FleetMadeImage> All => _images ??= Read();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool IsThere(FleetMadeImage image) =>
        board.Find(image.Pool) is { State.Images: var images }
        && images.GetValueOrDefault(image.Reference)?.ConfigDigest == image.Config;

    private ImmutableHashSet<FleetMadeImage> Read()
    {
        var bytes = files.Read(FilePath);
        return !bytes.Succeeded
            ? []
            :
            [
                .. from line in Encoding.UTF8.GetString(bytes.Value).Split('\n')
                   let words = line.Split(' ')
                   where words.Length == 3 && PoolName.TryParse(words[0], out _)
                       && ImageReference.TryParse(words[2], out _)
                   select new FleetMadeImage(new PoolName(words[0]), new ImageReference(words[2]), words[1]),
            ];
    }
}
