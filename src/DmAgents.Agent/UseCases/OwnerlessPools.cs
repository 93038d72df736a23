using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Pools whose files are in the state directory but which the journal does not know: it was lost.</summary>
internal sealed class OwnerlessPools(IDurableFiles files, PoolBoard board, AgentSettings settings)
{
    /// <summary>A pool that is being created or removed is on the board.</summary>
    public IReadOnlyList<PoolName> Find() =>
        [.. ProjectionReader.PoolsIn(files, settings.StateDirectory).Where(name => board.Find(name) is null)];

    /// <summary>A new pool of such a name would overwrite the files by which the lost one can be adopted.</summary>
    public void MustNotHave(string what, PoolName name)
    {
        if (!Find().Contains(name))
            return;
        var paths = new PoolPaths(settings.StateDirectory, name);
        throw Refusals.Because(RefusalKind.WrongState, what, name.Value,
            $"{paths.Root} tells of a pool of this name that the journal does not know",
            $"take that one over: dmagent pool adopt {name}; or choose another name; or, where it is no more, move its "
            + "directory away");
    }

    public static Finding Told(PoolName name) => new(
        Gravity.Error, name.Value, "there are files of a pool that the journal does not know",
        "the journal was lost, or is another host's",
        $"see what would be taken over: dmagent pool adopt {name} --dry-run");
}
