using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Engine.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.Support;

/// <summary>One life of a pool's machine on a host, with the operations that tests use.</summary>
internal sealed class PoolLife : PoolStepper
{
    public PoolLife(PoolHost host, PoolSettings settings, WorkUnderWay work)
        : this(new FaultyKernel(host.Kernel), host, settings, work)
    {
    }

    private PoolLife(FaultyKernel kernel, PoolHost host, PoolSettings settings, WorkUnderWay work)
        : base(
            new PoolStage(
                new PoolScene(
                    TestHost.PoolName, TestHost.PoolUuid, TestHost.StateDirectory, settings, work, host.NextId),
                kernel, host.Files, host.Journal, host.Clock),
            () => kernel.Gates) =>
        (Kernel, Work) = (kernel, work);

    public FaultyKernel Kernel { get; }

    public WorkUnderWay Work { get; }

    public PoolReplies.Success Done(PoolCommand command)
    {
        var reply = Ask(command).Value;
        Assert.False(reply is PoolReplies.Refused, $"{reply}");
        return Assert.IsAssignableFrom<PoolReplies.Success>(reply);
    }

    /// <summary>Runs a command, which must succeed with its own reply type.</summary>
    public TReply Done<TReply>(PoolCommand<TReply> command)
        where TReply : PoolReplies.Success => Assert.IsType<TReply>(Done((PoolCommand)command));

    public Refusal Refused(PoolCommand command) => Assert.IsType<PoolReplies.Refused>(Ask(command).Value).Refusal;

    /// <summary>Runs until a job has reached the gate.</summary>
    public void Reach(CallGate gate) => RunUntil(() => gate.Reached.IsCompleted, () => "no call has come to the gate");

    public void IsOpen() => Shows(PoolPhase.Open);

    public void Shows(PoolPhase phase) =>
        RunUntil(() => Machine.Phase == phase, () => $"the pool is {Machine.Phase}: {Machine.Reason}");

    /// <summary>The agent stops: the pool gets the message.</summary>
    public void Stops()
    {
        Tell(PoolInputs.Stop.Instance);
        Shows(PoolPhase.Stopping);
    }

    /// <summary>Runs until there is a reply, or the machine has ended.</summary>
    /// <returns>True if the command is done.</returns>
    public bool IsDoneOrDies(Answer answer)
    {
        RunUntil(() => answer.IsGiven || HasStopped, () => "no reply");
        return answer.Given is PoolReplies.Success;
    }

    /// <summary>Runs to the machine's end.</summary>
    public void Ends() => RunUntil(() => HasStopped, () => "it does not stop");

    protected override void CutKernel() => Kernel.DieAtStep(0);
}
