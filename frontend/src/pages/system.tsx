export { SystemPage as default } from "@/system/SystemPage";
