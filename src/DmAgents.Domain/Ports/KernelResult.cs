using System.Diagnostics.CodeAnalysis;

namespace DmAgents.Domain.Ports;

/// <summary>The result of a kernel call: done, or refused with a reason. Expected refusals are values.</summary>
public readonly record struct KernelResult(KernelError? Error)
{
    public static KernelResult Done => default;

    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Error is null;

    public static implicit operator KernelResult(KernelError error) => new(error);

    /// <summary>A found value. For interfaces, which C# does not convert implicitly.</summary>
    public static KernelResult<T> Found<T>(T value) => value;

    /// <summary>True if the call was refused with this fault.</summary>
    public bool FailedWith(KernelFault fault) => Error?.Fault == fault;

    /// <summary>Turns this fault, which means "already so", into success.</summary>
    public KernelResult Or(KernelFault alreadySo) => FailedWith(alreadySo) ? Done : this;

    /// <summary>Chains calls: <paramref name="next"/> runs only after success, so the first refusal is the
    /// result.</summary>
    public KernelResult Then(Func<KernelResult> next) => Succeeded ? next() : this;

    /// <summary>Makes one call per item, in their order, until one is refused.</summary>
    public static KernelResult Each<T>(IEnumerable<T> items, Func<T, KernelResult> call) =>
        items.Aggregate(Done, (result, item) => result.Then(() => call(item)));

    public override string ToString() => Error?.ToString() ?? "done";
}

/// <summary>As <see cref="KernelResult"/>, with the value that the call found.</summary>
public readonly record struct KernelResult<T>
{
    private readonly T? _value;

    private KernelResult(T? value, KernelError? error)
    {
        _value = value;
        Error = error;
    }

    public KernelError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Error is null;

    /// <exception cref="InvalidOperationException">The call was refused: check <see cref="Error"/> first.</exception>
    public T Value => Error is null ? _value! : throw new InvalidOperationException(Error.ToString());

    /// <summary>The result without its value.</summary>
    public KernelResult Outcome => new(Error);

    public static implicit operator KernelResult<T>(T value) => new(value, error: null);

    public static implicit operator KernelResult<T>(KernelError error) => new(default, error);

    public bool FailedWith(KernelFault fault) => Error?.Fault == fault;

    public override string ToString() => Error?.ToString() ?? $"{_value}";
}
