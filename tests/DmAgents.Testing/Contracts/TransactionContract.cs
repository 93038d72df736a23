using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>The pool's transaction id: compare and set, durable.</summary>
public abstract class TransactionContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void The_id_moves_to_any_number_when_the_present_one_is_named()
    {
        var pool = Scope.OpenPool();

        Kernel.SetTransactionId(pool.Name, new(0), new(7)).Must();
        Assert.Equal(new TransactionId(7), pool.Status.TransactionId);

        Kernel.SetTransactionId(pool.Name, new(7), new(3)).Must();
        Assert.Equal(new TransactionId(3), pool.Status.TransactionId);
    }

    [Fact]
    public void Another_than_the_present_one_is_refused_and_changes_nothing()
    {
        var pool = Scope.OpenPool();
        Kernel.SetTransactionId(pool.Name, new(0), new(7)).Must();

        Kernel.SetTransactionId(pool.Name, new(6), new(8)).MustBeRefused(KernelFault.Invalid);

        Assert.Equal(new TransactionId(7), pool.Status.TransactionId);
    }

    [Fact]
    public void The_id_survives_closing()
    {
        var pool = Scope.OpenPool();
        Kernel.SetTransactionId(pool.Name, new(0), new(ulong.MaxValue)).Must();
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table).Must();

        Assert.Equal(new TransactionId(ulong.MaxValue), pool.Status.TransactionId);
    }

    [Fact]
    public void A_thin_device_remembers_in_which_it_was_created()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.SetTransactionId(pool.Name, new(0), new(7)).Must();
        pool.Snapshot(2, origin: 1);

        var thins = Kernel.ListThins(pool.Name).Must();

        Assert.Equal([new TransactionId(0), new TransactionId(7)], thins.Select(thin => thin.CreatedIn));
    }
}
