namespace DmAgents.Transfer.Wire;

/// <summary>What is wrong with bytes that a peer sent.</summary>
public enum WireFault
{
    /// <summary>The first bytes are not those of this protocol.</summary>
    NotThisProtocol,

    /// <summary>A version that this agent does not speak.</summary>
    OtherVersion,

    /// <summary>A record of an unknown type, or one that the other side alone sends.</summary>
    UnexpectedRecord,

    /// <summary>A length beyond the limit of its record, or none that its record can have.</summary>
    BadLength,

    /// <summary>The stream ended within a record.</summary>
    CutOff,

    /// <summary>More bytes than the record's fields have.</summary>
    TrailingBytes,

    /// <summary>A field holds what it cannot hold.</summary>
    BadField,

    /// <summary>A chunk cannot be decompressed, or has another checksum.</summary>
    Damaged,

    /// <summary>No byte came, or left, for longer than is waited.</summary>
    Stalled,
}

/// <summary>A peer sent what this protocol does not allow, or nothing. The connection cannot be used further.</summary>
public sealed class WireException(WireFault fault, string message) : Exception(message)
{
    public WireFault Fault { get; } = fault;
}
