using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Restarts;

/// <summary>The agent dies while it makes a pool; asked for again, the pool is there, once.</summary>
public sealed class PoolCreationRestartSpec : ActorSpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_death_at_any_call_to_the_kernel_is_made_good(bool powerCut)
    {
        var step = 0;
        while (await Dies(life => life.Kernel.DieAtStep(step), powerCut))
            step++;
        Assert.InRange(step, 20, 60);
    }

    [Fact]
    public async Task A_death_at_any_write_of_the_journal_is_made_good()
    {
        var step = 0;
        while (await Dies(Arm, powerCut: true))
            step++;
        Assert.InRange(step, 6, 10);

        void Arm(AgentLife life)
        {
            var passed = 0;
            life.Journal.AroundCommit = _ =>
            {
                if (passed++ != step)
                    return;
                life.Journal.Cut();
                throw new AgentDiedException();
            };
        }
    }

    private async Task<bool> Dies(Action<AgentLife> arm, bool powerCut)
    {
        MoveToNewHost();
        var life = Live();
        arm(life);
        life.StartPool(Parent);
        var reply = life.Ask(Ask.ToInitialize);
        await Task.WhenAny(reply, life.PoolHasStopped);
        if (reply.IsCompletedSuccessfully)
            await Task.WhenAny(Settled(life), life.PoolHasStopped);
        var died = life.PoolHasStopped.IsCompleted;
        await life.Die();
        if (powerCut)
            Host.Kernel.PowerCut();

        var next = LiveWithPool();
        await next.Done(Ask.ToInitialize);
        await next.Done(Ask.Create("web"));
        await Agrees(next);
        Assert.Equal(1, Host.Journal.Manifests(ActorHost.PersistenceId).Count(m => m == "pool-initialized.v1"));
        await next.Die();

        // What was made since is there after a power cut: the metadata are not formatted again.
        Host.Kernel.PowerCut();
        var last = await Reopened();
        Assert.NotNull(last.State.Find(Ask.Container("web")));
        await Agrees(last);
        await last.Die();
        return died;
    }
}
