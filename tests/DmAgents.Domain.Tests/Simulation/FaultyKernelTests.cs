using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Simulation;

public sealed class FaultyKernelTests : IDisposable
{
    private readonly SimulatedKernelFixture _fixture = new();
    private readonly ContractScope _scope;
    private readonly ContractPool _pool;
    private readonly FaultyKernel _faulty;

    public FaultyKernelTests()
    {
        _scope = new ContractScope(_fixture);
        _pool = _scope.OpenPool();
        _faulty = new FaultyKernel(_fixture.Kernel);
    }

    private IReadOnlyList<uint> Thins =>
        [.. _fixture.Kernel.ListThins(_pool.Name).Must().Select(thin => thin.Id.Value)];

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Calls_are_logged_with_operation_and_subject()
    {
        _faulty.CreateThin(_pool.Name, new ThinId(1)).Must();
        _faulty.CreateSnapshot(_pool.Name, new ThinId(2), new ThinId(1)).Must();

        Assert.Equal(
            [$"CreateThin {_pool.Name} 1", $"CreateSnapshot {_pool.Name} 2 of 1"],
            _faulty.CallLog.Select(call => call.ToString()));
    }

    [Fact]
    public void A_failure_before_the_effect_leaves_the_kernel_alone()
    {
        _faulty.FailNext(nameof(IKernel.CreateThin), KernelFault.Busy, count: 2);

        _faulty.CreateThin(_pool.Name, new ThinId(1)).MustBeRefused(KernelFault.Busy);
        _faulty.CreateThin(_pool.Name, new ThinId(1)).MustBeRefused(KernelFault.Busy);

        Assert.Empty(Thins);
        _faulty.CreateThin(_pool.Name, new ThinId(1)).Must();
    }

    [Fact]
    public void A_failure_after_the_effect_hides_that_it_was_done()
    {
        _faulty.FailNext(nameof(IKernel.CreateThin), KernelFault.TimedOut, afterEffect: true);

        _faulty.CreateThin(_pool.Name, new ThinId(1)).MustBeRefused(KernelFault.TimedOut);

        Assert.Equal([1u], Thins);
    }

    [Fact]
    public void A_failure_can_be_meant_for_one_subject()
    {
        _faulty.FailNext(nameof(IKernel.CreateThin), KernelFault.Busy, subject: $"{_pool.Name} 2");

        _faulty.CreateThin(_pool.Name, new ThinId(1)).Must();
        _faulty.CreateThin(_pool.Name, new ThinId(2)).MustBeRefused(KernelFault.Busy);
    }

    [Fact]
    public void Results_with_values_pass_through_and_fail_too()
    {
        Assert.Equal(PoolMode.ReadWrite, _faulty.PoolStatus(_pool.Name).Must().Mode);
        _faulty.FailNext(nameof(IKernel.PoolStatus), KernelFault.Failed);

        _faulty.PoolStatus(_pool.Name).MustBeRefused(KernelFault.Failed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gate_holds_a_call_before_or_after_its_effect(bool afterEffect)
    {
        var gate = _faulty.HoldNext(nameof(IKernel.CreateThin), afterEffect);

        var call = Task.Run(() => _faulty.CreateThin(_pool.Name, new ThinId(1)));
        await Eventually.Ends(gate.Reached, "the way to the gate");

        Assert.False(call.IsCompleted);
        Assert.Equal(afterEffect ? [1u] : [], Thins);
        gate.Open();
        await Eventually.Ends(call, "the call");
        Assert.Equal([1u], Thins);
    }

    [Fact]
    public void Callbacks_see_each_call_before_and_after()
    {
        List<string> seen = [];
        _faulty.BeforeCall = call => seen.Add($"before {call.Operation}");
        _faulty.AfterCall = call => seen.Add($"after {call.Operation}");

        _faulty.CreateThin(_pool.Name, new ThinId(1)).Must();

        Assert.Equal(["before CreateThin", "after CreateThin"], seen);
    }

    [Theory]
    [InlineData(0, new uint[] { })]
    [InlineData(1, new uint[] { 1 })]
    [InlineData(2, new uint[] { 1 })]
    [InlineData(3, new uint[] { 1, 2 })]
    public void The_caller_dies_at_any_step_and_its_later_calls_reach_nothing(int step, uint[] done)
    {
        _faulty.DieAtStep(step);

        Assert.Throws<AgentDiedException>(() =>
        {
            _faulty.CreateThin(_pool.Name, new ThinId(1));
            _faulty.CreateThin(_pool.Name, new ThinId(2));
        });
        Assert.Throws<AgentDiedException>(() => _faulty.CreateThin(_pool.Name, new ThinId(3)));

        Assert.Equal(done, Thins);
        _faulty.Revive();
        _faulty.CreateThin(_pool.Name, new ThinId(3)).Must();
    }

    [Fact]
    public void Bytes_pass_through_both_ways()
    {
        var device = _pool.CreateActive(1);

        _faulty.Write(device.Name.Path, default, [1, 2, 3]).Must();

        var read = new byte[3];
        _faulty.Read(device.Name.Path, default, read).Must();
        Assert.Equal([1, 2, 3], read);
    }
}
