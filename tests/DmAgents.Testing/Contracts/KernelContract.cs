using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Contracts;

/// <summary>
/// What every kernel behind the port keeps to. Heirs name the topics; a test project derives each for its kernel. The
/// facts are those of Linux 6.1: where the simulation and they disagree, the simulation is wrong.
/// </summary>
public abstract class KernelContract(KernelFixture fixture) : IDisposable
{
    protected KernelFixture Fixture => fixture;

    protected IKernel Kernel => fixture.Kernel;

    protected ContractScope Scope { get; } = new(fixture);

    public void Dispose()
    {
        Scope.Dispose();
        GC.SuppressFinalize(this);
    }
}
