using System.Diagnostics.CodeAnalysis;
using DmAgents.Domain.Pools;

namespace DmAgents.Fleet;

/// <summary>The requested value, or the reason for a refusal. Expected refusals are values.</summary>
public readonly record struct FleetOutcome<T>
{
    private readonly T? _value;

    private FleetOutcome(T? value, Refusal? refusal)
    {
        _value = value;
        Refusal = refusal;
    }

    public Refusal? Refusal { get; }

    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool Succeeded => Refusal is null;

    /// <exception cref="InvalidOperationException">It was refused: look at <see cref="Refusal"/> first.</exception>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException(Refusal.ToString());

    public static implicit operator FleetOutcome<T>(T value) => new(value, refusal: null);

    public static implicit operator FleetOutcome<T>(Refusal refusal) => new(default, refusal);
}
