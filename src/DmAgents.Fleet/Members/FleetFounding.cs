using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Members;

/// <summary>Creates a fleet's first host: the authority, and the host's own certificate from it.</summary>
public static class FleetFounding
{
    /// <summary>Creates a fleet and its first member. Idempotent: after a crash the same call completes it.</summary>
    public static FleetOutcome<Founded> Ensure(
        IDurableFiles files, FleetPaths paths, FleetName name, HostName host, TimeProvider time, Lifetimes lifetimes)
    {
        var members = new MemberFiles(files, paths);
        var existing = members.Find();
        if (!existing.Succeeded)
            return existing.Refusal;
        var member = existing.Value;
        if (member is not null && (member.Host.FleetName, member.Host.Host) != (name, host))
        {
            member.Dispose();
            return new Refusal(
                RefusalKind.Exists, "cannot make the fleet", name.Value,
                $"this host is member {member.Host.Host} of fleet {member.Host.FleetName} ({member.Fleet})",
                "leave that fleet first");
        }
        if (member is not null)
            return Found(files, paths, member, time, lifetimes);
        var authority = FleetAuthority.Ensure(files, paths, name, time, lifetimes);
        if (!authority.Succeeded)
            return authority.Refusal;
        var joined = Join(members, authority.Value, host);
        if (joined.Succeeded)
            return new Founded(authority.Value, joined.Value);
        authority.Value.Dispose();
        return joined.Refusal;
    }

    /// <summary>Issues the next certificate, for the same key, to the host that has the authority.</summary>
    public static FleetOutcome<Member> Renew(MemberFiles members, FleetAuthority authority, HostName host) =>
        Join(members, authority, host);

    /// <summary>For a host that is already a member: it may have joined a fleet that another host created.</summary>
    private static FleetOutcome<Founded> Found(
        IDurableFiles files, FleetPaths paths, Member member, TimeProvider time, Lifetimes lifetimes)
    {
        var authority = FleetAuthority.Find(files, paths, time, lifetimes);
        if (!authority.Succeeded)
            return authority.Refusal;
        if (authority.Value is { } made && made.Id == member.Fleet)
            return new Founded(made, member);
        authority.Value?.Dispose();
        return new Refusal(
            RefusalKind.Exists, "cannot make the fleet", member.Host.FleetName.Value,
            $"this host is member {member.Host.Host} of a fleet of this name ({member.Fleet}) that another host made",
            "leave that fleet first");
    }

    private static FleetOutcome<Member> Join(MemberFiles members, FleetAuthority authority, HostName host)
    {
        var key = members.EnsureKey();
        if (!key.Succeeded)
            return key.Refusal;
        using var own = key.Value;
        if (SigningRequest.Read(own.RequestFor(host), out var why) is not { } request)
            throw new InvalidOperationException(why);
        var admission = authority.AdmitOwn(host, request);
        if (admission is Admission.Refused refused)
            return refused.Refusal.ToRefusal(host);
        var saved = members.Save(authority.Trust.Current, ((Admission.Granted)admission).Certificate);
        if (!saved.Succeeded)
        {
            return new Refusal(
                RefusalKind.Failed, "cannot write the host's certificate", host.Value, saved.Error.ToString(),
                "see to the file system of the agent's directory, and try again");
        }
        var found = members.Find();
        return found.Succeeded ? found.Value! : found.Refusal;
    }
}

/// <summary>A created fleet with its first member.</summary>
public sealed record Founded(FleetAuthority Authority, Member Member) : IDisposable
{
    public void Dispose()
    {
        Authority.Dispose();
        Member.Dispose();
    }
}
