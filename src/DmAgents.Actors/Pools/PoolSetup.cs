using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool actor is given.</summary>
/// <param name="Name">The pool's name.</param>
/// <param name="Uuid">Its uuid, which is also its journal's name.</param>
/// <param name="StateDirectory">Where the agent keeps its files.</param>
/// <param name="Kernel">The host's kernel.</param>
/// <param name="Files">Where the projection is written.</param>
/// <param name="Time">The clock.</param>
/// <param name="Settings">How pools are run.</param>
/// <param name="Board">Where the picture is shown.</param>
public sealed record PoolSetup(
    PoolName Name,
    PoolUuid Uuid,
    string StateDirectory,
    IKernel Kernel,
    IDurableFiles Files,
    TimeProvider Time,
    PoolSettings Settings,
    PoolBoard Board)
{
    public PoolPaths Paths => new(StateDirectory, Name);
}
