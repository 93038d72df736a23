using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Tests.Support;

/// <summary>The reply to a command, once there is one.</summary>
internal sealed class Answer(PoolStepper life, PoolCommand command)
{
    public PoolCommand Command => command;

    public bool IsGiven => Given is not null;

    internal PoolReply? Given { get; set; }

    /// <summary>Runs the pool until the reply arrives.</summary>
    public PoolReply Value
    {
        get
        {
            life.RunUntil(() => IsGiven, () => $"{command.GetType().Name} has no answer");
            return Given!;
        }
    }
}
