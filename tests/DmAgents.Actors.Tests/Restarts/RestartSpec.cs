using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Restarts;

/// <summary>
/// The agent dies before and after every call to the kernel, and before and after every write of the journal, of every
/// operation; the next agent finds what was left and makes journal, pool and live devices agree.
/// </summary>
public abstract class RestartSpec : ActorSpec
{
    /// <summary>Each operation in so many tests, which share its steps: a test of its own for each would be told apart
    /// by nothing but a number.</summary>
    private const int Slices = 4;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var name in Operation.All.Keys)
            {
                for (var slice = 0; slice < Slices; slice++)
                    cases.Add(name, slice);
            }
            return cases;
        }
    }

    /// <param name="arm">Lets the agent die at a step; the steps are counted from here.</param>
    internal async Task Survives(string name, int slice, Action<AgentLife, int> arm)
    {
        var step = slice;
        while (await Dies(Operation.All[name], step, arm))
            step += Slices;
        Assert.InRange(step, slice == 0 && Operation.All[name].AsksTheKernel ? 1 : 0, 100);
    }

    /// <summary>What befalls the host between the agents.</summary>
    internal virtual void Between(ActorHost host)
    {
    }

    /// <summary>False where the operation was over before that step.</summary>
    private async Task<bool> Dies(Operation operation, int step, Action<AgentLife, int> arm)
    {
        MoveToNewHost();
        var life = await Opened();
        await operation.Prepare(life, Host);
        await Settled(life);
        arm(life, step);

        var command = operation.Command();
        var reply = life.Ask(command);
        await Task.WhenAny(life.PoolHasStopped, Over(life, reply, operation));
        var died = life.PoolHasStopped.IsCompleted;
        var answer = reply.IsCompletedSuccessfully ? await reply : null;
        var acknowledged = answer is PoolReplies.Success;
        Assert.True(died || acknowledged);
        // Whoever hears that the journal failed does not know whether it was done. If the agent died of what it did in
        // the background, the command has not begun.
        if (answer is PoolReplies.Refused refused)
            Assert.True(refused.Refusal.Kind is RefusalKind.TimedOut or RefusalKind.Busy, $"{refused.Refusal}");
        await life.Die();
        Between(Host);

        var next = await Reopened();
        await Agrees(next);
        if (acknowledged)
            Assert.True(operation.IsDone(next, Host), $"step {step}: acknowledged, and not there after the restart");
        await next.Done(command);
        await Agrees(next);
        Assert.True(operation.IsDone(next, Host), $"step {step}: asked for again, and not done");
        Assert.Empty(next.State.Ledger.Quarantine);
        await next.Die();
        return died;
    }

    private async Task Over(AgentLife life, Task reply, Operation operation)
    {
        await Task.WhenAny(reply, life.PoolHasStopped);
        operation.LetGo(Host);
        await Task.WhenAny(Settled(life), life.PoolHasStopped);
    }
}

/// <summary>Death at the kernel's border.</summary>
public sealed class KernelRestartSpec : RestartSpec
{
    [Theory, MemberData(nameof(Cases))]
    public Task A_death_at_any_call_to_the_kernel_leaves_nothing_behind(string operation, int slice) =>
        Survives(operation, slice, (life, step) => life.Kernel.DieAtStep(step));
}

/// <summary>Death at the kernel's border, and the host goes down with it: what is not flushed is lost.</summary>
public sealed class PowerCutSpec : RestartSpec
{
    [Theory, MemberData(nameof(Cases))]
    public Task A_power_cut_at_any_call_to_the_kernel_takes_nothing_acknowledged(string operation, int slice) =>
        Survives(operation, slice, (life, step) => life.Kernel.DieAtStep(step));

    internal override void Between(ActorHost host) => host.Kernel.PowerCut();
}

/// <summary>Death at the journal's border.</summary>
public sealed class JournalRestartSpec : RestartSpec
{
    [Theory, MemberData(nameof(Cases))]
    public Task A_death_at_any_write_of_the_journal_leaves_nothing_behind(string operation, int slice) =>
        Survives(operation, slice, (life, step) =>
        {
            var passed = 0;
            life.Journal.AroundCommit = _ =>
            {
                if (Interlocked.Increment(ref passed) != step + 1)
                    return;
                life.Journal.Cut();
                throw new AgentDiedException();
            };
        });
}
