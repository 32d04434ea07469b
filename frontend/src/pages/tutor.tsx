import { lazy, Suspense } from "react";
import { useRouter } from "next/router";
import { Skeleton } from "@/ui/Skeleton";
import { useInBrowser } from "@/ui/useInBrowser";

// Nobody needs both: whoever has a page does not register.
const RegisterTutor = lazy(() => import("@/people/tutor/RegisterTutor"));
const TutorPage = lazy(() => import("@/people/tutor/TutorPage"));

export default function Tutor() {
  const { isReady, query } = useRouter();
  const inBrowser = useInBrowser();
  const opening = <Skeleton label="Opening the page" lines={5} />;
  if (!inBrowser || !isReady) return opening;
  const { id } = query;
  const known = typeof id === "string" && id !== "";
  return (
    <Suspense fallback={opening}>
      {known ? <TutorPage key={id} id={id} /> : <RegisterTutor />}
    </Suspense>
  );
}
