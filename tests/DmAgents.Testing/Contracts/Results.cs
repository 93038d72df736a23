using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Expectations of kernel results.</summary>
public static class Results
{
    /// <summary>It succeeded; else the test fails with the kernel's words.</summary>
    public static void Must(this KernelResult result) => Assert.True(result.Succeeded, result.Error?.ToString());

    public static T Must<T>(this KernelResult<T> result)
    {
        result.Outcome.Must();
        return result.Value;
    }

    /// <summary>It was refused for one of these reasons.</summary>
    public static void MustBeRefused(this KernelResult result, params KernelFault[] faults)
    {
        Assert.False(result.Succeeded, "it was not refused");
        Assert.True(faults.Contains(result.Error.Fault), $"not {string.Join(" or ", faults)}: {result.Error}");
    }

    public static void MustBeRefused<T>(this KernelResult<T> result, params KernelFault[] faults) =>
        result.Outcome.MustBeRefused(faults);
}
