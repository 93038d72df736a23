using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Xunit.Abstractions;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>Each kernel call of each operation fails, in every possible way.</summary>
public sealed class KernelFailureTests(ITestOutputHelper output)
{
    /// <summary>The call is refused without effect, or done and reported as failed.</summary>
    private static readonly (KernelFault Fault, bool AfterEffect)[] Faults =
    [
        (KernelFault.Busy, false), (KernelFault.NoSpace, false), (KernelFault.Failed, false),
            (KernelFault.TimedOut, true),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_operation_whose_kernel_call_fails_is_done_or_refused_and_a_retry_does_it(int fault)
    {
        var ran = 0;
        foreach (var history in Histories.Of(1, new Manner(Rides: true, Discards: fault % 2 == 0)))
        {
            for (var call = 0; Fails(history,
                new FailedCall(call, Faults[fault].Fault, Faults[fault].AfterEffect)); call++)
                ran++;
        }
        output.WriteLine($"{ran} calls that failed: {Faults[fault]}");
        Assert.InRange(ran, 200, int.MaxValue);
    }

    /// <returns>False if the operation has no such call.</returns>
    private static bool Fails(History history, FailedCall failed)
    {
        var world = Histories.Begin(history);
        var before = world.Expected;
        world.Steps.Arm(failed: failed);
        var operation = Operations.Alphabet(world).ElementAt(history.Letters[0]);
        var refusal = world.Do(operation);
        if (world.Steps.Calls <= failed.Call)
            return false;
        var what = $"{history}, {failed} in {operation}: {refusal?.ToString() ?? "done"}";

        // A growth that failed halfway is retried, not undone, so recovery may have completed it.
        var pending = refusal is not null && operation.Command is PoolCommands.Resize or PoolCommands.Grow ? operation
            : null;
        if (pending is null)
            Histories.Hold(world, [.. Verdict.Differences(world, world.Expected)], () => what + ", at once");
        world.Restart(Crash.AgentDies);
        Histories.Hold(world, pending, goOn: true, () => what);

        var isDone = Verdict.Differences(world, before.AfterCrash()).Any();
        if (refusal is not null && !isDone && operation.After(world.Expected) is not null)
        {
            Assert.True(world.Do(operation) is null, what + ", and the retry is refused");
            Histories.Hold(world, [.. Verdict.Faults(world, world.Expected)], () => what + ", after the retry");
        }
        return true;
    }
}
