using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>The parameters of a pool actor.</summary>
/// <param name="Name">The pool's name.</param>
/// <param name="Uuid">Its uuid, which is also its journal's name.</param>
/// <param name="StateDirectory">The directory of the agent's files.</param>
/// <param name="Kernel">The host's kernel.</param>
/// <param name="Files">The files of the projection.</param>
/// <param name="Time">The clock.</param>
/// <param name="Settings">How pools are run.</param>
/// <param name="Board">The board that shows the pool's picture.</param>
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
